"""Plans for tests of the whole runtime, compiled from `.fql` text."""

from __future__ import annotations

from fql.plan.model import Plan
from fql.plan.stored.codec import read_plan
from fql.settings.model import Settings
from fql.settings.reading import read_settings
from fqlc import compile_text

ENTITY = """
entity Order {
  id: ID @key
  status: String
  total: Decimal
}
endpoint shop { url: "${RECEIVER}" }
"""

ONE = """
observer placed {
  on: Order.insert
  when: total > 10
  webhook tell { endpoint: shop  path: "/orders"  body: { id, status, total } }
}
"""

CHAIN = """
observer placed {
  on: Order.insert
  webhook reserve { endpoint: shop path: "/reserve" body: { id } retry: { max_attempts: 1 } }
  webhook label { endpoint: shop path: "/label" body: { id } }
}
"""

CHANGED = """
observer shipped {
  on: Order.update
  when: status.changed() && status == "shipped"
  webhook tell { endpoint: shop path: "/shipped" body: { id } }
}
"""


def plan_of(text: str = ONE, *, entity: str = ENTITY) -> Plan:
    compilation = compile_text(entity + text)
    assert compilation.plan is not None, compilation.diagnostics
    return read_plan(compilation.plan)


def settings_of(text: str = "") -> Settings:
    """Settings with loopback allowed."""
    return read_settings('[egress]\nallow = ["127.0.0.0/8"]\n' + text, "fql.toml")


def order(number: int, **changes: object) -> dict[str, object]:
    return {"id": f"o{number}", "status": "new", "total": "100.50", **changes}
