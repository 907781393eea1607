"""Checked means total: what the checker lets through evaluates, to a value of its type."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fql.engine.program.match import scope_of
from fql.events.model import Event
from fql.expressions.compile import compile_condition
from fql.expressions.walker import evaluate
from fql.plan.language import expressions as e
from fql.plan.stored.codec import dump_expression, load_expression
from fqlc.types.truth.domains import always_true, unsatisfiable
from tests.properties import strategies
from tests.types.program import Checked, check
from tests.types.wild import program

KINDS = (("update",), ("insert",), ("delete",), ("insert", "update"), ("update", "delete"),
         ("insert", "update", "delete"))  # fmt: skip


def condition_of(checked: Checked) -> e.Expr | None:
    """The condition, where it was let through or is only decided."""
    if {d.code for d in checked.found} - {"FQL231", "FQL232"}:
        return None
    return checked.values["o.when"]


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**9), st.data(), st.sampled_from(KINDS))
def test_a_checked_condition_never_raises(
    seed: int, data: st.DataObject, kinds: tuple[str, ...]
) -> None:
    """On every event of the watched kinds, compiled and walked; decided ones as decided."""
    checked = check(program(seed, kinds))
    condition = condition_of(checked)
    if condition is None:
        return
    event: Event = data.draw(strategies.events(kinds=kinds))
    scope = scope_of(event)
    value = compile_condition(condition)(scope)
    assert isinstance(value, bool)
    assert value is evaluate(condition, scope)
    where = checked.scopes["o.when"]
    if unsatisfiable(condition, where) is not None:
        assert value is False
    if always_true(condition, where) is not None:
        assert value is True


def test_enough_of_the_random_conditions_are_let_through() -> None:
    """Else the property above would prove nothing."""
    passed = sum(
        condition_of(check(program(seed, KINDS[seed % len(KINDS)]))) is not None
        for seed in range(200)
    )
    assert passed > 40


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**9))
def test_a_checked_condition_survives_the_plan(seed: int) -> None:
    """Stored and read back it is the same."""
    condition = condition_of(check(program(seed, ("update",))))
    if condition is not None:
        assert load_expression(dump_expression(condition)) == condition


_TOKENS = (
    "a total status note items x . ?. ( ) [ ] { } , : && || ! == != < > in not + - * / % ?? 5 1.5"
)
_MORE = "null true 5s _old _new changed() any( each old new"
_PIECES = st.sampled_from([*_TOKENS.split(), *_MORE.split(), '"x"', '"{{ note }}"', '"{% if a %}"'])
_CHARACTERS = list("{}%#|.'()[] -+~=!<>,ax1_\n")
_WORDS = ["{{", "}}", "{%", "%}", "if ", "for ", " in ", "endif", "endfor", "note", "items"]
_OTHERS = ["default", "else", "not ", "\\{", "${A}"]
_TEMPLATE = st.lists(st.sampled_from([*_CHARACTERS, *_WORDS, *_WORDS, *_OTHERS]), max_size=25).map(
    "".join
)


@settings(max_examples=1500, deadline=None)
@given(st.lists(_PIECES, max_size=14))
def test_no_tokens_make_the_checker_raise(pieces: list[str]) -> None:
    """Whatever the parser makes of them."""
    text = " ".join(pieces)
    check(
        "enum S { a, x }\nentity E { total: Decimal status: S note: String? items: [S] a: Boolean }"
        f"\nlet l = {text}\nobserver o {{ on: E.update\n when: {text}\n"
        f" webhook w {{\n body: {text}\n }}\n}}\n"
    )


@settings(max_examples=400, deadline=None)
@given(_TEMPLATE)
def test_no_template_makes_the_checker_raise(text: str) -> None:
    """And every report points into the file."""
    quoted = text.replace('"', '\\"')
    checked = check(
        "entity E { note: String items: [String] a: Boolean }\n"
        f'observer o {{ on: E.update\n webhook w {{ body: "{quoted}" }}\n}}\n'
    )
    for diagnostic in checked.found:
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(checked.text)
