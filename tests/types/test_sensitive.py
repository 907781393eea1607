"""Which sensitive fields reach a value, and which operators let none through."""

from __future__ import annotations

import pytest

from fqlc.types.sensitive import SensitiveUse, sensitive_fields, sensitive_in_row
from tests.types.program import check

PROGRAM = """type Person {{ name: String @sensitive  city: String  born: Date? @sensitive
  member: Boolean  marks: [Boolean] @sensitive }}
entity Order {{ id: UUID @key  mail: String @sensitive  total: Decimal  buyer: Person
  is_known: Boolean  home: Place @sensitive  flag: Boolean @sensitive  people: [Person]
  note: String? @sensitive  j: JSON @sensitive  tags: [String] @sensitive
  flags: [Boolean] @sensitive
  plain: [Boolean]  grid: [[Boolean]] @sensitive  guests: [Place]? @sensitive }}
type Place {{ street: String  zip: String  open: Boolean }}
observer o {{ on: [Order.insert, Order.update]
  webhook earlier {{ response: Person }}
  webhook w {{ body: {body} }} }}
"""


def reach(body: str) -> tuple[SensitiveUse, ...]:
    """What reaches the body of the action."""
    checked = check(PROGRAM.format(body=body))
    assert checked.found == (), [d.message for d in checked.found]
    return sensitive_fields(checked.values["o.w.body"], checked.scopes["o.w.body"])


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ("{ id, total }", []),
        ("{ mail }", ["Order.mail"]),
        ("{ a: mail.upper().trim() }", ["Order.mail"]),
        ("{ a: mail.old }", ["Order.mail"]),
        ("{ a: note ?? mail }", ["Order.mail", "Order.note"]),
        ("{ a: mail == 'x' }", []),
        ("{ a: flag.case({ true: 1, false: 2 }) }", ["Order.flag"]),
        ("{ a: if flag == false then 1 else 2 }", ["Order.flag"]),
        ("{ a: buyer.marks.map(m, m.case({ true: 1, false: 0 })) }", ["Person.marks"]),
        ("{ a: '{% if flag == true %}x{% endif %}' }", ["Order.flag"]),
        ("{ a: if mail == 'x' then 1 else 2 }", []),
        ("{ a: mail.length() }", []),
        ("{ a: mail in ['x'] }", []),
        ("{ a: mail.matches('x') }", []),
        ("{ a: mail.changed() }", []),
        ("{ a: mail.changed_to('x') }", []),
        ("{ a: mail.contains('x') }", ["Order.mail"]),
        ("{ a: flag && total > 3 }", ["Order.flag"]),
        ("{ a: !flag }", ["Order.flag"]),
        ("{ a: [1, [mail]] }", ["Order.mail"]),
        ("{ a: buyer.name }", ["Person.name"]),
        ("{ a: buyer.city }", []),
        ("{ buyer }", ["Person.born", "Person.marks", "Person.name"]),
        ("{ ...buyer }", ["Person.born", "Person.marks", "Person.name"]),
        ("{ people }", ["Person.born", "Person.marks", "Person.name"]),
        ("{ a: people.any(p, p.name == 'x') }", []),
        ("{ a: flags.any(f, f) }", ["Order.flags"]),
        ("{ a: (guests ?? []).first(g, g.open)?.street }", ["Order.guests"]),
        ("{ a: (guests ?? []).filter(g, g.open).map(g, g.zip) }", ["Order.guests"]),
        ("{ a: people.first(p, p.member)?.city }", []),
        ("{ a: flags.all(f, !f) }", ["Order.flags"]),
        ("{ a: flags.any(f, f == true) }", []),
        ("{ a: flags.any(f, is_known) }", []),
        ("{ a: flags.length() }", []),
        ("{ a: _new.flags.any(f, f) }", ["Order.flags"]),
        ("{ a: (flags.old ?? []).any(f, f) }", ["Order.flags"]),
        ("{ a: plain.any(f, f) }", []),
        ("{ a: plain.any(f, f && flag) }", ["Order.flag"]),
        ("{ a: [flag, is_known].any(f, f) }", ["Order.flag"]),
        ("{ a: grid.any(g, g.any(f, f)) }", ["Order.grid"]),
        ("{ a: (guests ?? []).any(g, g.open) }", ["Order.guests"]),
        ("{ a: people.any(p, p.member) }", []),
        ("{ a: people.any(p, p.marks.any(m, m)) }", ["Person.marks"]),
        ("{ a: tags.any(x, x == 'a') }", []),
        ("{ a: tags.any(x, x.contains('a')) }", ["Order.tags"]),
        ("{ a: home.zip }", ["Order.home"]),
        ("{ a: j['x'].as_string() }", ["Order.j"]),
        ("{ a: earlier.response.name }", ["Person.name"]),
        ("{ a: earlier.response.city }", []),
        ("{ a: 'to {{ mail }} at {{ id }}' }", ["Order.mail"]),
        ("{ a: '{% if flag %}x{% endif %}' }", ["Order.flag"]),
        ("{ a: '{% for p in people %}{{ p.name }}{% endfor %}' }", ["Person.name"]),
        ("{ a: '{% for p in people %}{{ p.city }}{% endfor %}' }", []),
        ("{ a: '{% for t in tags %}{{ t }}{% endfor %}' }", ["Order.tags"]),
        ("{ a: '{{ tags | join }}' }", ["Order.tags"]),
        ("{ a: '{{ note | default(\"\") | truncate(3) }}' }", ["Order.note"]),
        ("_new", ["Order.flag", "Order.flags", "Order.grid", "Order.guests", "Order.home",
                  "Order.j", "Order.mail", "Order.note", "Order.tags", "Person.born",
                  "Person.marks", "Person.name"]),
    ],
)  # fmt: skip
def test_a_mark_reaches_the_body_through_every_operator_that_carries_values(
    body: str, fields: list[str]
) -> None:
    """Comparisons, `length`, `in` and `matches` carry none."""
    assert sorted({f"{use.owner}.{use.field}" for use in reach(body)}) == fields


def test_the_way_is_told_from_the_mark_to_the_use() -> None:
    """The mark, what it went through, the key of the body."""
    body = "{ note: { who: buyer } }"
    use = next(use for use in reach(body) if use.field == "name")
    text = PROGRAM.format(body=body)
    assert text[use.use.start : use.use.end] == "buyer"
    assert text[use.mark.start : use.mark.end] == "@sensitive"
    assert [label.message for label in use.chain] == [
        "`Person.name` is marked `@sensitive`", "through `buyer`",
    ]  # fmt: skip
    assert use.keys == ("note", "who", "name")


def test_a_body_that_is_not_given_sends_the_whole_row() -> None:
    """Every marked field, those of nested types too."""
    checked = check(PROGRAM.format(body="{ id }"))
    scope = checked.scopes["o.w.body"]
    assert scope.trigger is not None
    uses = tuple(sensitive_in_row(scope, scope.trigger))
    assert {use.field for use in uses} == {
        "mail", "home", "flag", "note", "j", "tags", "name", "born", "flags", "grid", "guests",
        "marks",
    }  # fmt: skip
