"""Conditions that can never be true, or always are (FQL231, FQL232).

Decided by constant folding and by what is left of single values within a conjunction: intervals,
sets of members, equalities, the old value and the new. Everything else is silent: a wrong report
would be worse than none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fql.plan.language import expressions as e
from fqlc.diagnostics.model import Label
from fqlc.source.text import Span
from fqlc.types.constants.fold import truth_of
from fqlc.types.facts import Key
from fqlc.types.scope import ExprScope
from fqlc.types.truth.clashes import clash, values_left
from fqlc.types.truth.conjunctions import Test, split, subject_key
from fqlc.types.truth.ranges import Range


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a condition is decided: `span` covers the tests that decide it, `labels` says for each
    what it leaves, `message` says all."""

    message: str
    span: Span
    labels: tuple[Label, ...] = ()


def unsatisfiable(expr: e.Expr, scope: ExprScope, context: Sequence[Test] = ()) -> Finding | None:
    """Why the condition can never be true; None when it can, or that is not known. `context` are
    the tests that hold where it is; see `context_of`."""
    folded = truth_of(expr)
    whole = _span(expr.at, scope)
    if folded is not None:
        return None if folded else Finding("the condition is always false", whole)
    tests = _contradiction(expr, False, context, scope)
    if tests is None:
        return None
    return _finding("the condition can never be true", tests, scope, whole)


def always_true(expr: e.Expr, scope: ExprScope, context: Sequence[Test] = ()) -> Finding | None:
    """Why the condition is always true; None when it is not, not known, or a literal `true`."""
    if isinstance(expr, e.Constant):
        return None
    whole = _span(expr.at, scope)
    if truth_of(expr) is True or _contradiction(expr, True, context, scope) is not None:
        return Finding("the condition is always true", whole)
    return None


_MOST_CONTEXT = 40
"""Tests that hold around a condition and are looked at with it."""

_MOST_CHOICES = 50_000
"""Tests times choices of a condition; beyond, the choices are not looked into."""

_MOST_LABELS = 20
"""Tests that a finding points at."""


def context_of(condition: e.Expr | None, scope: ExprScope) -> Sequence[Test]:
    """The tests of a condition that holds around others, such as the observer's `when`."""
    return () if condition is None else split(condition, False, scope)[0][:_MOST_CONTEXT]


def _span(at: e.At, scope: ExprScope) -> Span:
    return Span(scope.path, *(at or (0, 0)))


# Conjunctions ----------------------------------------------------------------


def _contradiction(
    expr: e.Expr, negated: bool, context: Sequence[Test], scope: ExprScope
) -> list[Test] | None:
    """The tests that contradict each other when the condition (negated) is to hold."""
    tests, choices = split(expr, negated, scope)
    found = clash([*context, *tests], scope)
    if found is not None:
        return found
    known = [*context, *tests]
    if len(known) * len(choices) > _MOST_CHOICES:
        return None
    for left, right, flipped in choices:
        one = _contradiction(left, flipped, known, scope)
        other = None if one is None else _contradiction(right, flipped, known, scope)
        if one is not None and other is not None:
            return list(dict.fromkeys([*one, *other]))
    return None


# Words -----------------------------------------------------------------------

_PAIRS = {
    "eq": "the same", "unchanged": "the same", "ne": "two different values",
    "lt": "the first below the second", "gt": "the first above the second",
    "le": "the first not above the second", "ge": "the first not below the second",
}  # fmt: skip


def _finding(message: str, tests: list[Test], scope: ExprScope, whole: Span) -> Finding:
    placed = [test for test in tests if test.at is not None]
    places = {test.at for test in placed}
    if len(places) == 1:
        return Finding(f"{message}: no value passes this test", _span(placed[0].at, scope))
    if not placed:
        return Finding(message, whole)
    both = "both tests" if len(places) == 2 else "all of these tests"
    spans = [_span(test.at, scope) for test in placed]
    span = Span(scope.path, min(s.start for s in spans), max(s.end for s in spans))
    return Finding(
        f"{message}: no value passes {both}", span, tuple(_labels(placed[:_MOST_LABELS], scope))
    )


def _labels(tests: list[Test], scope: ExprScope) -> Iterator[Label]:
    """For each test what it leaves: of a pair that, of a value what those before it left."""
    before: dict[Key, Range] = {}
    for test in tests:
        span = _span(test.at, scope)
        if test.other is not None:
            yield Label(span, f"asks for {_PAIRS[test.op]}")
            continue
        key = subject_key(test.subject, scope.events)
        left = before.get(key) or values_left((), [test.subject], scope)
        before[key] = left.after(test.op, test.values)
        yield Label(span, before[key].words)
