"""Pages of FQL231 to FQL233: conditions that cannot mean what they say."""

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
        title="value outside the enum",
        why="The enum has no such member, so the comparison could never be true.",
        wrong=_when("status == payed"),
        right=_when("status == paid"),
    ),
)
