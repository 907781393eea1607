"""Conditions of a small shop, compiled from source, for tests of their SQL."""

from __future__ import annotations

import json
from typing import Any

from fql.plan.language.nodes import load_expression
from fql.plan.model import Plan
from fql.plan.table import TypeTable
from fql.sql.clause import Clause, DialectName, where_clause
from fqlc import compile_text

SOURCE = """\
enum Status {{ open, paid }}
type Item {{ sku: String  price: Decimal  at: DateTime?  tags: [String] }}
type Tree {{ name: String  leaves: [Tree] }}
entity Order from "shop.orders" {{
  id: ID @key  code: String @column("order code")  note: String?  n: Int  total: Decimal
  rate: Float  paid: Boolean  ref: UUID  at: DateTime  sent: DateTime?  day: Date  status: Status
  items: [Item]  tags: [String]  first: Item?  tree: Tree  extra: JSON
}}
observer o {{
  on: {on}
  when: {condition}
  webhook w {{ url: "https://w.example.com/" }}
}}
"""


def plan_of(condition: str, event: str = "Order.insert") -> Plan:
    """The plan of one observer with this condition."""
    compiled = compile_text(SOURCE.format(on=event, condition=condition))
    errors = [d.message for d in compiled.diagnostics if d.severity.value == "error"]
    assert compiled.plan is not None, errors
    found: dict[str, Any] = json.loads(compiled.plan)
    return Plan.model_validate(found)


def clause(condition: str, dialect: DialectName, event: str = "Order.insert") -> Clause:
    """The SQL of the condition."""
    plan = plan_of(condition, event)
    (observer,) = plan.observers
    assert observer.when is not None
    expression = load_expression(observer.when)
    return where_clause(expression, dialect, plan.entities[0], TypeTable.of(plan))
