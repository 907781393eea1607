"""Computed fields in the plan: no columns, and the old values of what they read."""

from __future__ import annotations

import fqlc
from fql.plan.stored.codec import read_plan

TEXT = """\
entity Order {
  id: Int @key, total: Decimal, paid: Decimal, email: String @sensitive
  open: Decimal = total - paid
  cents: Int = (open * 100).round()
  mail: String = email.lower()
}
observer o {
  on: Order.update
  when: cents.changed()
  webhook w { url: "https://x.example.com/", body: { id, cents } }
}
"""


def test_it_is_no_column_and_needs_the_old_values_of_what_it_reads() -> None:
    compiled = fqlc.compile_text(TEXT)
    assert compiled.plan is not None, compiled.diagnostics
    plan = read_plan(compiled.plan)
    assert [f.name for f in plan.entities[0].fields] == ["id", "total", "paid", "email"]
    assert plan.observers[0].requires.old_values == ("paid", "total")


def test_it_is_as_sensitive_as_what_it_reads() -> None:
    compiled = fqlc.compile_text(TEXT.replace("{ id, cents }", "{ id, mail }"))
    assert [d.code for d in compiled.diagnostics] == ["FQL331"]
    assert "`email`" in compiled.diagnostics[0].message
