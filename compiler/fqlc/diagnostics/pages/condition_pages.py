"""Pages of FQL231 to FQL235: conditions, choices and fields that cannot mean what they say."""

from __future__ import annotations

from fqlc.diagnostics.pages.model import WARNING, Page, observer

_ENTITY = """\
enum Status { pending, paid, shipped }

entity Order {
  id: UUID @key
  total: Decimal
  status: Status
}
"""
_HOOK = 'webhook crm { url: "https://crm.example.com/orders" }'


def _when(condition: str) -> str:
    return observer(f"on: Order.update\nwhen: {condition}\n{_HOOK}", entity=_ENTITY)


def _body(value: str) -> str:
    hook = (
        f'webhook crm {{ url: "https://crm.example.com/orders", body: {{ id, state: {value} }} }}'
    )
    return observer(f"on: Order.update\n{hook}", entity=_ENTITY)


def _computed(fields: str) -> str:
    entity = f"entity Order {{\n  id: UUID @key\n  total: Decimal\n  {fields}\n}}\n"
    return observer(f"on: Order.update\nwhen: net > 10\n{_HOOK}", entity=entity)


PAGES = (
    Page(
        code="FQL231",
        title="condition can never be true",
        why="No value satisfies all parts of the condition at once, so what depends on it never "
        "happens. Usually `||` or `old` was meant.",
        wrong=_when("status == paid && status == shipped"),
        right=_when("status.old == paid && status == shipped"),
    ),
    Page(
        code="FQL232",
        title="condition is always true",
        why="Every value satisfies it, so it excludes nothing. A literal `true` says so on purpose "
        "and is not reported.",
        wrong=_when("total > 10 || total <= 10"),
        right=_when("true"),
        severities=WARNING,
    ),
    Page(
        code="FQL233",
        fixable=True,
        title="value outside the enum",
        why="The enum has no such member, so the comparison could never be true.",
        wrong=_when("status == payed"),
        right=_when("status == paid"),
    ),
    Page(
        code="FQL234",
        fixable=True,
        title="a member without a value",
        why="`case` gives a value for each member of an enum, so that a member that is added later "
        "is not forgotten. `else:` is for all that are not written.",
        wrong=_body('status.case({ pending: "OPEN", paid: "OPEN" })'),
        right=_body('status.case({ pending: "OPEN", paid: "OPEN", shipped: "CLOSED" })'),
    ),
    Page(
        code="FQL235",
        title="computed field in terms of itself",
        why="A computed field is made of the fields of its row. One that leads back to itself has "
        "no value.",
        wrong=_computed("tax: Decimal = net * 2\n  net: Decimal = total - tax"),
        right=_computed("tax: Decimal = total * 2\n  net: Decimal = total - tax"),
    ),
)
