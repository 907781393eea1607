"""Where reports point, what they say beside, and what their fixes write."""

from __future__ import annotations

import pytest

from fqlc.diagnostics.model import Diagnostic
from tests.types.program import Checked, check

PROGRAM = """enum OrderStatus {{ pending, shipped }}
entity Order {{ id: UUID @key  total: Decimal  note: String?  status: OrderStatus  flag: Boolean? }}
let total_limit = 5
observer o {{ on: [Order.insert, Order.update]  {part} }}
"""


def only(part: str) -> tuple[Checked, Diagnostic]:
    """The one report of a program."""
    checked = check(PROGRAM.format(part=part))
    assert len(checked.found) == 1, [d.message for d in checked.found]
    return checked, checked.found[0]


def fixed(checked: Checked, diagnostic: Diagnostic) -> str:
    """The text after the fix."""
    assert diagnostic.fix is not None
    text = checked.text
    for edit in sorted(diagnostic.fix.edits, key=lambda one: -one.span.start):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


@pytest.mark.parametrize(
    ("part", "written"),
    [
        ("when: totl > 5", "totl"),
        ("when: total > 5 && status == shiped", "shiped"),
        ('when: total > "5"', 'total > "5"'),
        ("when: note.length() > 2", "note"),
        ("when: _new.totl > 5", "totl"),
        ("when: total.lower() == 'x'", "lower"),
        ('webhook w { body: "\\u{1F600} a {{ totl }}" }', "totl"),
        ('webhook w { body: "\\n\\t{{ total | rond(2) }}" }', "rond"),
        ('webhook w { body: "{{ _new.totl }}" }', "totl"),
        ('webhook w { body: "{% if totl > 5 %}a{% endif %}" }', "totl"),
        ('webhook w { body: "{{ total | round }} {{ _new.totl | round }}" }', "totl"),
        ('webhook w { body: "a {{ total + 1 }}" }', "total"),
        ('webhook w { body: "a {{ total" }', "{"),
        ('webhook w { header: "a {{ ${KEY} }}" }', "$"),
        ("webhook w { header: \"a {{ '${KEY}' }}\" }", "$"),
        ('webhook w { body: "a {{ total ! }}" }', "!"),
        ('webhook w { body: "{{ note | default(\\"x\\") }} {{ totl }}" }', "totl"),
        ('webhook w { body: "{# x #}\\n{{ note }}" }', "note"),
        ('webhook w { body: "{{ id }} ${A} {{ id }}" }', "${A}"),
        ("webhook w { body: '{% if status == \"shiped\" %}x{% endif %}' }", '"shiped"'),
    ],
)
def test_the_report_points_at_the_smallest_part(part: str, written: str) -> None:
    """Also inside a text, behind escapes."""
    checked, diagnostic = only(part)
    assert checked.written(diagnostic) == written


@pytest.mark.parametrize(
    ("part", "wanted", "safe"),
    [
        ("when: totl > 5", "when: total > 5", False),
        ("when: status == shiped", "when: status == shipped", False),
        ('when: status == "shiped"', 'when: status == "shipped"', False),
        ('when: total > "5"', "when: total > 5", True),
        ("when: note.length() > 2", 'when: (note ?? "").length() > 2', False),
        ("when: flag", "when: (flag ?? false)", False),
        ('webhook w { body: "{{ note }}" }', "{{ note | default('') }}", False),
        ('webhook w { body: "{{ totl }}" }', "{{ total }}", False),
        ('webhook w { body: "{{ id | uper }}" }', "{{ id | upper }}", False),
        ("when: _old.total == 3", "when: _old?.total == 3", False),
        ("when: status.changed", "when: status.changed()", True),
        ("when: total > totl_limit", "when: total > total_limit", False),
    ],
)
def test_a_fix_writes_what_the_help_says(part: str, wanted: str, safe: bool) -> None:
    """A fix that only corrects a name is safe; one that decides about null is not."""
    checked, diagnostic = only(part)
    assert diagnostic.fix is not None
    assert diagnostic.fix.safe is safe
    assert wanted in fixed(checked, diagnostic)


@pytest.mark.parametrize(
    "part", ["when: totl > 5", "when: status == shiped", "when: note.length() > 2", "when: flag"]
)
def test_after_the_fix_nothing_is_reported(part: str) -> None:
    """A fix is applied once and for all."""
    checked, diagnostic = only(part)
    assert check(fixed(checked, diagnostic)).found == ()


@pytest.mark.parametrize(
    ("part", "label", "words"),
    [
        ("when: totl > 5", "Order", "5 fields declared here"),
        ("when: note.length() > 2", "String?", "declared `String?` here"),
        ("when: total.old > 3", "[Order.insert, Order.update]", "an insert has no old row"),
        ("when: status == shiped", "OrderStatus", "2 members declared here"),
    ],
)
def test_the_other_party_is_labelled(part: str, label: str, words: str) -> None:
    """The declaration that a use does not fit."""
    checked, diagnostic = only(part)
    found = [(checked.text[one.span.start : one.span.end], one.message)
             for one in diagnostic.labels]  # fmt: skip
    assert (label, words) in found


def test_a_misspelt_name_close_to_nothing_lists_the_fields() -> None:
    """No wild guesses: the fields are listed instead."""
    _, diagnostic = only("when: zzzzzz > 5")
    assert diagnostic.fix is None
    assert diagnostic.help[0].startswith("known fields: `flag`, `id`, `note`")


def test_each_test_of_an_impossible_condition_says_what_it_leaves() -> None:
    """FQL231 explains itself."""
    _, diagnostic = only("when: status == shipped && total > 3 && status == pending")
    assert [label.message for label in diagnostic.labels] == ["leaves `shipped`", "leaves nothing"]
