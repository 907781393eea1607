"""Explanations: each part with its value, and none evaluated that the others have ruled out."""

from __future__ import annotations

from fql.expressions.explain import explain, parts
from fql.plan.language import expressions as x
from fql.plan.language import types as t
from tests.expressions.build import const, field, op, scope

NOTE = field("note", t.STRING.optional())
GUARDED = op(
    "and",
    op("ne", NOTE, const(None, t.NULL)),
    op("gt", x.Call(type=t.INT, name="length", of=field("note")), const(3, t.INT)),
)


def test_parts_have_text_value_and_operands() -> None:
    """A conjunction lists its parts, a comparison what it compared."""
    first, second = parts(GUARDED, scope({"note": "hello"}))
    assert (first.text, first.value) == ("note != null", True)
    assert (second.text, second.value) == ("note.length() > 3", True)
    assert second.operands == (("note.length()", 5), ("3", 3))


def test_a_part_behind_its_guard_is_not_evaluated() -> None:
    """The length of a null is never asked for."""
    whole = explain(GUARDED, scope({"note": None}))
    assert whole.value is False
    assert [part.value for part in whole.parts] == [False, None]


def test_the_shape_of_the_interface() -> None:
    """`text`, `value` and `parts`, nested."""
    negated = x.Unary(type=t.BOOLEAN, op="not", of=GUARDED)
    shown = explain(negated, scope({"note": "hi"})).as_json()
    assert shown["text"] == "!(note != null && note.length() > 3)"
    assert shown["value"] is True
    inner = shown["parts"]
    assert isinstance(inner, list)
    assert inner[0]["value"] is False


def test_a_test_for_a_change_is_one_part_with_both_values() -> None:
    """It is shown as it was written, and why it holds or not: what it was before and after."""
    status = field("status", t.STRING)
    to_paid = op(
        "and",
        x.Changed(type=t.BOOLEAN, name="status"),
        op("eq", x.Field(type=t.STRING, row="new", name="status"), const("paid", t.STRING)),
    )
    whole = op("and", to_paid, op("ne", status, const("lost", t.STRING)))
    first, second = parts(whole, scope({"status": "paid"}, {"status": "open"}))
    assert (first.text, first.value, first.parts) == ('status.changed_to("paid")', True, ())
    assert first.operands == (("status.old", "open"), ("status.new", "paid"))
    assert second.text == 'status != "lost"'
