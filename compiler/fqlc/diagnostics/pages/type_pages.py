"""Pages of FQL211 to FQL223: types, null, old values."""

from __future__ import annotations

from fqlc.diagnostics.pages.model import Page, observer

_ENTITY = """\
entity Order {
  id: UUID @key
  total: Decimal
  status: String
  tracking: String?
}
"""
_HOOK = 'webhook crm { url: "https://crm.example.com/orders" }'


def _when(condition: str, trigger: str = "Order.update") -> str:
    return observer(f"on: {trigger}\nwhen: {condition}\n{_HOOK}", entity=_ENTITY)


PAGES = (
    Page(
        code="FQL211",
        fixable=True,
        title="operand types do not fit",
        why="A text is never a number, and `Decimal` and `Float` do not mix, because a silent "
        "conversion would compare something other than what is written.",
        wrong=_when('total > "100"'),
        right=_when("total > 100"),
    ),
    Page(
        code="FQL212",
        fixable=True,
        title="nullable used as non-null",
        why="The value may be null. A checked program cannot fail while it runs, so the null "
        "must be handled: by a guard with `&&`, by `??`, or by `?.`.",
        wrong=_when('tracking.starts_with("1Z")'),
        right=_when('tracking != null && tracking.starts_with("1Z")'),
    ),
    Page(
        code="FQL213",
        title="condition is not Boolean",
        why="A condition is true or false. Numbers and texts have no truth value here.",
        wrong=_when("total"),
        right=_when("total != 0"),
    ),
    Page(
        code="FQL214",
        fixable=True,
        title="unknown method or wrong arguments",
        why="Each type has its methods: texts `lower upper trim length contains starts_with "
        "ends_with replace matches`, lists `length any all`, fields `changed changed_to "
        "changed_from`.",
        wrong=_when('status.startswith("p")'),
        right=_when('status.starts_with("p")'),
    ),
    Page(
        code="FQL221",
        title="old value on an insert, or new value on a delete",
        why="An inserted row has no version before it, a deleted one none after it.",
        wrong=_when('status.old == "paid"', "Order.insert"),
        right=_when('status.old == "paid"'),
    ),
    Page(
        code="FQL223",
        title="source cannot supply old values",
        why="The condition compares with the row before the change, and the source does not keep "
        "it: without this error the observer would never fire.",
        wrong="",
        right=_when("status.changed()"),
        around="It depends on a source of `fql.toml`, so the example needs one that has no old "
        "values.",
    ),
)
