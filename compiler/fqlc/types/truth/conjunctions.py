"""A condition as tests that all have to hold, and choices of which one side has to. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fql.plan.language import expressions as e
from fql.plan.language import types as t
from fqlc.types.constants.fold import fold, truth_of
from fqlc.types.facts import Key, key_of
from fqlc.types.scope import ExprScope

_NEGATED = {
    "eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt", "in": "not_in",
    "not_in": "in",
}  # fmt: skip
_MIRRORED = {"eq": "eq", "ne": "ne", "lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}
_REFLEXIVE = frozenset({"eq", "le", "ge"})
_EVENT = e.Builtin(type=t.STRING, name="_event")


@dataclass(frozen=True, slots=True)
class Test:
    """One test of a conjunction, written where `at` says: `subject op values`, or where there is
    an `other`, `subject op other`. The op `unchanged` says that an update left both the same."""

    subject: e.Expr
    op: str
    values: tuple[object, ...]
    at: e.At
    other: e.Expr | None = None

    @property
    def tells_event(self) -> bool:
        """True for a test of which event it is."""
        return isinstance(self.subject, e.Builtin) and self.subject.name == _EVENT.name


Choice = tuple[e.Expr, e.Expr, bool]
"""Two conditions of which one has to hold, both negated where the third says so."""


def split(expr: e.Expr, negated: bool, scope: ExprScope) -> tuple[list[Test], list[Choice]]:
    """A condition as tests that all have to hold and choices of which one side has to."""
    tests: list[Test] = []
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


def subject_key(expr: e.Expr, events: frozenset[str]) -> Key:
    """What a test is about: the bare row and the new one are the same where no delete is, the
    bare row and the old one where only deletes are."""
    if events == {"delete"}:
        return key_of(expr, {"old": "row"})
    return key_of(expr, {} if "delete" in events else {"new": "row"})


def _tests(expr: e.Expr, negated: bool, scope: ExprScope) -> Iterator[Test]:
    """The tests that a part without `&&`, `||` and `!` is; none where it is not understood."""
    truth = truth_of(expr)
    if truth is not None:
        yield _decided(expr, truth != negated)
    elif isinstance(expr, e.Changed):
        yield from _change(expr, negated, scope)
    elif isinstance(expr, e.Binary) and expr.op in _NEGATED:
        yield from _comparison(expr, _NEGATED[expr.op] if negated else expr.op, scope.events)
    elif expr.type == t.BOOLEAN:
        yield Test(expr, "eq", (not negated,), expr.at)


def _decided(expr: e.Expr, holds: bool) -> Test:
    return Test(expr, "true" if holds else "false", (), expr.at)


def _change(expr: e.Changed, negated: bool, scope: ExprScope) -> Iterator[Test]:
    """A change is an update that left two values; `!changed()` also holds for an insert."""
    field = scope.row_field(expr.name)
    mixed = scope.events != {"update"}
    if field is None or mixed:
        yield Test(expr, "eq", (not negated,), expr.at)
    if field is None:
        return
    old = e.Field(type=field.type, row="old", name=expr.name)
    new = e.Field(type=field.type, row="new", name=expr.name)
    if negated:
        yield Test(old, "unchanged", (), expr.at, new)
        return
    if mixed:
        yield Test(_EVENT, "eq", ("update",), expr.at)
    yield Test(old, "ne", (), expr.at, new)


def _comparison(expr: e.Binary, op: str, events: frozenset[str]) -> Iterator[Test]:
    left, right = fold(expr.left), fold(expr.right)
    if op in ("in", "not_in"):
        yield from _membership(expr, op, left, right)
    elif isinstance(right, e.Constant) and not isinstance(left, e.Constant):
        yield Test(left, op, (right.value,), expr.at)
    elif isinstance(left, e.Constant) and not isinstance(right, e.Constant):
        yield Test(right, _MIRRORED[op], (left.value,), expr.at)
    elif subject_key(left, events) == subject_key(right, events):
        yield _decided(expr, op in _REFLEXIVE)
    else:
        yield Test(left, op, (), expr.at, right)


def _membership(expr: e.Binary, op: str, left: e.Expr, right: e.Expr) -> Iterator[Test]:
    if isinstance(left, e.Constant) or not isinstance(right, e.ListOf):
        return
    values = [item.value for item in right.items if isinstance(item, e.Constant)]
    if len(values) == len(right.items):
        yield Test(left, op, tuple(values), expr.at)
