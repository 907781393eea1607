"""Conditions that can never be true, or always are (FQL231, FQL232).

Decided by constant folding and by what is left of single values within a conjunction: intervals,
sets of members, equalities. Everything else is silent: a wrong report would be worse than none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from fql.plan import expressions as e
from fql.plan import types as t
from fqlc.diagnostics.model import Label
from fqlc.source.text import Span
from fqlc.types.facts import Key, key_of
from fqlc.types.fold import fold, truth_of
from fqlc.types.ranges import Range
from fqlc.types.scope import ExprScope

_NEGATED = {
    "eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt", "in": "not_in",
    "not_in": "in",
}  # fmt: skip
_MIRRORED = {"eq": "eq", "ne": "ne", "lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}
_REFLEXIVE = {"eq": True, "le": True, "ge": True, "ne": False, "lt": False, "gt": False}


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a condition is decided: `span` covers the tests that decide it, `labels` says for each
    what it leaves, `message` stands alone."""

    message: str
    span: Span
    labels: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True)
class _Test:
    """One test of a conjunction: `subject op values`, written where `at` says."""

    subject: e.Expr
    op: str
    values: tuple[object, ...]
    at: e.At


def unsatisfiable(expr: e.Expr, scope: ExprScope, given: tuple[e.Expr, ...] = ()) -> Finding | None:
    """Why the condition can never be true; None when it can, or that is not known. `given` are
    conditions that hold where it stands, such as the observer's `when`."""
    folded = truth_of(expr)
    whole = _span(expr.at, scope)
    if folded is not None:
        return None if folded else Finding("the condition is always false", whole)
    context = [test for g in given for test in _split(g, False, scope)[0]]
    tests = _contradiction(expr, False, context, scope)
    if tests is None:
        return None
    return _finding("the condition can never be true", tests, scope, whole)


def always_true(expr: e.Expr, scope: ExprScope, given: tuple[e.Expr, ...] = ()) -> Finding | None:
    """Why the condition is always true; None when it is not, not known, or a literal `true`."""
    if isinstance(expr, e.Constant):
        return None
    whole = _span(expr.at, scope)
    context = [test for g in given for test in _split(g, False, scope)[0]]
    if truth_of(expr) is True or _contradiction(expr, True, context, scope) is not None:
        return Finding("the condition is always true", whole)
    return None


def _span(at: e.At, scope: ExprScope) -> Span:
    return Span(scope.path, *(at or (0, 0)))


# Conjunctions ----------------------------------------------------------------


def _contradiction(
    expr: e.Expr, negated: bool, context: list[_Test], scope: ExprScope
) -> list[_Test] | None:
    """The tests that contradict each other when the condition (negated) is to hold."""
    tests, choices = _split(expr, negated, scope)
    found = _clash([*context, *tests], scope)
    if found is not None:
        return found
    for left, right, flipped in choices:
        known = [*context, *tests]
        one = _contradiction(left, flipped, known, scope)
        other = None if one is None else _contradiction(right, flipped, known, scope)
        if one is not None and other is not None:
            return list(dict.fromkeys([*one, *other]))
    return None


Choice = tuple[e.Expr, e.Expr, bool]


def _split(expr: e.Expr, negated: bool, scope: ExprScope) -> tuple[list[_Test], list[Choice]]:
    """A condition as tests that all have to hold and choices of which one side has to."""
    tests: list[_Test] = []
    choices: list[Choice] = []
    waiting = [(expr, negated)]
    while waiting:
        part, flipped = waiting.pop()
        if isinstance(part, e.Unary) and part.op == "not":
            waiting.append((part.of, not flipped))
        elif isinstance(part, e.Binary) and part.op in ("and", "or"):
            if (part.op == "and") != flipped:
                waiting.extend([(part.right, flipped), (part.left, flipped)])
            else:
                choices.append((part.left, part.right, flipped))
        else:
            tests.extend(_tests(part, flipped, scope))
    return tests, choices


def _tests(expr: e.Expr, negated: bool, scope: ExprScope) -> Iterator[_Test]:
    """The test that a part without `&&`, `||` and `!` is; nothing where it is not understood."""
    truth = truth_of(expr)
    if truth is not None:
        yield _Test(expr, "true" if truth != negated else "false", (), expr.at)
        return
    if not isinstance(expr, e.Binary) or expr.op not in _NEGATED:
        if expr.type == t.BOOLEAN:
            yield _Test(expr, "eq", (not negated,), expr.at)
        return
    op = _NEGATED[expr.op] if negated else expr.op
    left, right = fold(expr.left), fold(expr.right)
    if op in ("in", "not_in"):
        yield from _membership(expr, op, left, right)
    elif isinstance(right, e.Constant) and not isinstance(left, e.Constant):
        yield _Test(left, op, (right.value,), expr.at)
    elif isinstance(left, e.Constant) and not isinstance(right, e.Constant):
        yield _Test(right, _MIRRORED[op], (left.value,), expr.at)
    elif _subject(left, scope) == _subject(right, scope):
        yield _Test(expr, "true" if _REFLEXIVE[op] else "false", (), expr.at)


def _membership(expr: e.Binary, op: str, left: e.Expr, right: e.Expr) -> Iterator[_Test]:
    if isinstance(left, e.Constant) or not isinstance(right, e.ListOf):
        return
    values = [item.value for item in right.items if isinstance(item, e.Constant)]
    if len(values) == len(right.items):
        yield _Test(left, op, tuple(values), expr.at)


def _subject(expr: e.Expr, scope: ExprScope) -> Key:
    """What a test is about: the bare row and the new one are the same where no delete is."""
    if scope.events == {"delete"}:
        return key_of(expr, {"old": "row"})
    return key_of(expr, {} if "delete" in scope.events else {"new": "row"})


# Contradictions --------------------------------------------------------------


def _clash(tests: list[_Test], scope: ExprScope) -> list[_Test] | None:
    """The fewest tests that contradict each other; None when none do."""
    groups: dict[Key, list[_Test]] = {}
    for test in tests:
        if test.op == "false":
            return [test]
        if test.op != "true":
            groups.setdefault(_subject(test.subject, scope), []).append(test)
    for group in groups.values():
        if _left(group, scope).empty:
            return _fewest(group, scope)
    return None


def _fewest(group: list[_Test], scope: ExprScope) -> list[_Test]:
    """Without the tests that the contradiction does not need."""
    needed = list(group)
    for test in group:
        rest = [other for other in needed if other is not test]
        if _left(rest or [], scope, group[0]).empty:
            needed = rest
    return needed


def _left(tests: Iterable[_Test], scope: ExprScope, like: _Test | None = None) -> Range:
    """What the tests of one subject leave of its values."""
    left: Range | None = None if like is None else _all_of(like.subject, scope)
    for test in tests:
        if left is None:
            left = _all_of(test.subject, scope)
        left = left.after(test.op, test.values)
    return left if left is not None else Range()


def _all_of(subject: e.Expr, scope: ExprScope) -> Range:
    """All values that a subject may have by its type."""
    of = subject.type
    enum = scope.project.enum_infos.get(of.name)
    whole = Range(nullable=of.nullable, integral=of.name == "Int")
    if enum is not None and not enum.broken:
        return replace(whole, values=frozenset(enum.members))
    if of.name == "Boolean":
        return replace(whole, values=frozenset({True, False}))
    if isinstance(subject, e.Builtin) and subject.name == "_event" and scope.events:
        return replace(whole, values=scope.events)
    if isinstance(subject, e.Call) and subject.name == "length":
        return whole.after("ge", (0,))
    return whole


# Words -----------------------------------------------------------------------


def _finding(message: str, tests: list[_Test], scope: ExprScope, whole: Span) -> Finding:
    placed = [test for test in tests if test.at is not None]
    labels = tuple(_labels(placed, scope))
    if len(placed) == 1:
        return Finding(f"{message}: no value passes this test", _span(placed[0].at, scope))
    if not placed:
        return Finding(message, whole)
    both = "both tests" if len(placed) == 2 else "all of these tests"
    span = _span(placed[0].at, scope).to(_span(placed[-1].at, scope))
    return Finding(f"{message}: no value passes {both}", span, labels)


def _labels(tests: list[_Test], scope: ExprScope) -> Iterator[Label]:
    """For each test what it leaves of the values that those before it left."""
    before: dict[Key, Range] = {}
    for test in tests:
        key = _subject(test.subject, scope)
        left = before.get(key) or _all_of(test.subject, scope)
        before[key] = left.after(test.op, test.values)
        yield Label(_span(test.at, scope), before[key].words)
