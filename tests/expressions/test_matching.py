"""The index finds the observers that evaluating every condition would find."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fql.engine.program.match import Matcher, scope_of
from fql.engine.program.matching.keys import split
from fql.events.model import Event
from fql.expressions.compile import compile_condition
from fql.plan.language import expressions as x
from fql.plan.language import types as t
from fql.plan.model import Observer, Plan, Trigger
from fql.plan.stored.codec import dump_expression
from tests.expressions.build import STATUS, call, const, field, op
from tests.properties import strategies


def observer(name: str, when: x.Expr | None, *kinds: str, entity: str = "Thing") -> Observer:
    """An observer without actions."""
    triggers = [
        Trigger.model_validate({"entity": entity, "event": kind}) for kind in kinds or ("update",)
    ]
    stored = None if when is None else dump_expression(when)
    return Observer(name=name, on=tuple(triggers), when=stored, nodes=(), edges=())


def matcher(*observers: Observer) -> Matcher:
    """The index of a plan of these observers."""
    return Matcher(Plan(format="fql-plan/1", compiler="0", digest="", observers=observers))


def event(new: dict[str, Any] | None, old: dict[str, Any] | None = None) -> Event:
    """An event of such rows."""
    kind: Any = "delete" if new is None else "insert" if old is None else "update"
    now = datetime(2026, 3, 2, tzinfo=UTC)
    return Event("Thing", kind, new, old, "e", now, "test", "1", b"", None, {})


SHIPPED = op("eq", field("status", STATUS), const("shipped", STATUS))
IN_US = op("in", field("country"), const(("US", "CA"), t.list_of(t.STRING)))


def test_triggers_decide_first() -> None:
    """Entity and kind of event; an observer without condition always matches."""
    index = matcher(
        observer("all", None, "insert", "update"),
        observer("deleted", None, "delete"),
        observer("other", None, entity="Other"),
    )
    assert index.matching(event({})) == ("all",)
    assert index.matching(event({}, {})) == ("all",)
    assert index.matching(event(None, {})) == ("deleted",)


def test_keys_and_the_rest() -> None:
    """Equalities and lists are looked up, what is left is evaluated, in the plan's order."""
    large = op("gt", field("total", t.INT), const(500, t.INT))
    index = matcher(
        observer("large", op("and", SHIPPED, large)),
        observer("us", op("and", IN_US, SHIPPED)),
        observer("any", None),
        observer("priority", op("and", field("vip", t.BOOLEAN), SHIPPED)),
        observer("reverse", op("eq", const("shipped", STATUS), field("status", STATUS))),
    )
    row = {"status": "shipped", "country": "US", "total": 900, "vip": False}
    assert index.matching(event(row, row)) == ("large", "us", "any", "reverse")
    assert index.matching(event({**row, "status": "open"}, row)) == ("any",)
    small = {**row, "total": 1, "country": "DE", "vip": True}
    assert index.matching(event(small, row)) == ("any", "priority", "reverse")


def test_old_rows_can_be_keys() -> None:
    """`status.old == approved` is looked up too; a row that is absent equals nothing."""
    before = op("eq", field("status", STATUS, "old"), const("approved", STATUS))
    index = matcher(observer("o", before, "insert", "update"))
    assert index.matching(event({"status": "shipped"}, {"status": "approved"})) == ("o",)
    assert index.matching(event({"status": "approved"})) == ()


def test_a_null_literal_is_no_key() -> None:
    """`note == null` is evaluated, so a null is not taken for a row that is absent."""
    null = op("eq", field("note", t.STRING.optional()), const(None, t.NULL))
    keys, rest = split(null)
    assert (keys, rest) == ({}, null)
    assert matcher(observer("o", null)).matching(event({"note": None}, {})) == ("o",)


def test_long_lists_do_not_multiply() -> None:
    """Two lists of fifty are not 2,500 keys."""
    many = const(tuple(f"c{i}" for i in range(50)), t.list_of(t.STRING))
    both = op("and", op("in", field("a"), many), op("in", field("b"), many))
    keys, rest = split(both)
    assert len(keys) == 1
    assert rest is not None
    index = matcher(observer("o", both))
    assert index.matching(event({"a": "c1", "b": "c49"}, {})) == ("o",)
    assert index.matching(event({"a": "c1", "b": "x"}, {})) == ()


@settings(max_examples=150, deadline=None)
@given(st.lists(strategies.conditions(2), max_size=6), strategies.events())
def test_same_as_evaluating_all(conditions: list[x.Expr], given_event: Event) -> None:
    """For any conditions and event, the index gives what plain evaluation gives."""
    index = matcher(*(observer(f"o{i}", when) for i, when in enumerate(conditions)))
    scope = scope_of(given_event)
    expected = [f"o{i}" for i, when in enumerate(conditions) if compile_condition(when)(scope)]
    assert index.matching(given_event) == tuple(expected)


PLACES = {
    "i": (t.INT, st.integers(-3, 3)),
    "d": (t.DECIMAL, st.integers(-3, 3) | st.decimals(-3, 3, places=1)),
    "s": (t.STRING, st.text("ab", max_size=3)),
    "b": (t.BOOLEAN, st.booleans()),
}
ROW_NAMES: list[x.RowName] = ["row", "new"]
FLIPPED = {"eq": "eq", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}


@st.composite
def looked_up(draw: st.DrawFn) -> x.Expr:
    """A condition of a kind that the index knows, and `!=`, which it does not."""
    name = draw(st.sampled_from(sorted(PLACES)))
    type_, values = PLACES[name]
    place = field(name, type_, draw(st.sampled_from(ROW_NAMES)))
    found = const(draw(values), type_)
    sign = draw(st.sampled_from(sorted(FLIPPED) if name != "b" else ["eq"]))
    made: list[x.Expr] = [
        op(sign, place, found), op(FLIPPED[sign], found, place), op("ne", place, found),
    ]  # fmt: skip
    if name == "b":
        made += [place, x.Changed(type=t.BOOLEAN, name="b")]
    elif name == "s":
        affixes = ("starts_with", "ends_with")
        made += [call(affix, place, found.value, type_=t.BOOLEAN) for affix in affixes]
    else:
        several = tuple(draw(st.lists(values, max_size=3)))
        made.append(op("in", place, const(several, t.list_of(type_))))
    return made[draw(st.integers(0, len(made) - 1))]


LOOKED_UP = st.recursive(
    looked_up(),
    lambda inner: st.builds(op, st.sampled_from(["and", "or"]), inner, inner),
    max_leaves=6,
)
ROWS = st.fixed_dictionaries({name: values for name, (_, values) in PLACES.items()})


@settings(max_examples=150, deadline=None)
@given(st.lists(LOOKED_UP, min_size=1, max_size=25), ROWS, ROWS)
def test_tables_find_what_evaluating_finds(
    conditions: list[x.Expr], new: dict[str, Any], old: dict[str, Any]
) -> None:
    """Bounds, lists, beginnings and ends, choices of these: whatever the number of observers."""
    index = matcher(*(observer(f"o{i}", when) for i, when in enumerate(conditions)))
    given_event = event(new, old)
    scope = scope_of(given_event)
    expected = [f"o{i}" for i, when in enumerate(conditions) if compile_condition(when)(scope)]
    assert index.matching(given_event) == tuple(expected)


def test_a_value_that_does_not_compare_finds_everybody() -> None:
    """And each condition is judged: a fault stays with its observer."""
    index = matcher(
        observer("o", op("gt", field("total", t.INT), const(5, t.INT))),
        observer("p", op("lt", field("total", t.INT), const(5, t.INT))),
        observer("q", op("eq", field("total", t.INT), const("x", t.STRING))),
    )
    assert index.matching(event({"total": "x"}, {})) == ("o", "p", "q")
    assert index.matching(event({"total": None}, {})) == ()
