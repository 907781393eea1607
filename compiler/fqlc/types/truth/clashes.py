"""Tests that cannot hold together: what they leave of each value, and of each pair of values.

Values that are equal share what is known of them; so `!status.changed() && status.old == pending
&& status == shipped` clashes. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from fql.plan.language import expressions as e
from fqlc.types.facts import Key
from fqlc.types.scope import ExprScope
from fqlc.types.truth.conjunctions import Test, subject_key
from fqlc.types.truth.ranges import Range

_OUTCOMES = {
    "eq": frozenset("="), "ne": frozenset("<>"), "lt": frozenset("<"), "gt": frozenset(">"),
    "le": frozenset("<="), "ge": frozenset(">="),
}  # fmt: skip
_TURNED = {"<": ">", ">": "<", "=": "="}
_NUMBERS = frozenset({"Int", "Decimal"})
_Left = tuple[Range, list[Test]]
"""What is left of a value, and the tests that left it."""
_MOST = 40
"""Of more tests than this not the fewest are searched that clash."""


def clash(tests: Sequence[Test], scope: ExprScope) -> list[Test] | None:
    """The fewest tests that contradict each other; None when none do."""
    found = _clash(tests, scope)
    if found is None or len(found) > _MOST:
        return found
    for test in tuple(found):
        rest = [other for other in found if other is not test]
        if rest and _clash(rest, scope) is not None:
            found = rest
    return found


def values_left(tests: Iterable[Test], subjects: Iterable[e.Expr], scope: ExprScope) -> Range:
    """What tests against values leave of subjects that are equal."""
    left: Range | None = None
    for subject in subjects:
        whole = _all_of(subject, scope)
        left = whole if left is None else left.meet(whole)
    left = left or Range()
    for test in tests:
        left = left.after(test.op, test.values)
    return left


def _clash(tests: Sequence[Test], scope: ExprScope) -> list[Test] | None:
    """Some tests that contradict each other."""
    for test in tests:
        if test.op == "false":
            return [test]
    if len(tests) == 1:
        return list(tests) if _is_impossible(tests[0], scope) else None
    events = _events(tests, scope)
    known = _Known(scope, events)
    for test in tests:
        known.learn(test)
    return known.clash()


def _is_impossible(test: Test, scope: ExprScope) -> bool:
    """True for a test that leaves nothing by itself; one of two values always leaves some."""
    if test.other is not None or test.op == "true":
        return False
    return values_left([test], [test.subject], scope).empty


def _events(tests: Sequence[Test], scope: ExprScope) -> frozenset[str]:
    """The events that the tests leave; all of them where they leave none."""
    if len(scope.events) < 2:
        return scope.events
    about = [test for test in tests if test.tells_event and test.other is None]
    if not about:
        return scope.events
    left = values_left(about, [about[0].subject], scope)
    return frozenset(event for event in scope.events if left.allows(event)) or scope.events


@dataclass
class _Known:
    """What a conjunction says, by the keys of its subjects."""

    scope: ExprScope
    events: frozenset[str]
    subjects: dict[Key, e.Expr] = field(default_factory=dict)
    parents: dict[Key, Key] = field(default_factory=dict)
    values: list[tuple[Key, Test]] = field(default_factory=list)
    pairs: list[tuple[Key, Key, Test]] = field(default_factory=list)

    def learn(self, test: Test) -> None:
        """Add a test."""
        if test.op == "unchanged":
            if self.events != {"update"}:
                return
            test = replace(test, op="eq")
        if test.op == "true":
            return
        key = self._key(test.subject)
        if test.other is None:
            self.values.append((key, test))
            return
        other = self._key(test.other)
        self.pairs.append((key, other, test))
        if test.op == "eq" and _alike(test.subject, test.other):
            self.parents[self._root(key)] = self._root(other)

    def _key(self, subject: e.Expr) -> Key:
        key = subject_key(subject, self.events)
        self.subjects.setdefault(key, subject)
        return key

    def _root(self, key: Key) -> Key:
        if not self.parents:
            return key
        while (parent := self.parents.get(key, key)) != key:
            key = parent
        return key

    def clash(self) -> list[Test] | None:
        """Tests that leave nothing of a value or of a pair."""
        members = self._members()
        left: dict[Key, _Left] = {}
        for root, tests in self._groups().items():
            remains = values_left(tests, members[root], self.scope)
            if remains.empty:
                return [*tests, *self._between(root, root)]
            left[root] = remains, tests
        return self._pair_clash(left)

    def _members(self) -> dict[Key, list[e.Expr]]:
        """The subjects that are equal, by the key that stands for them."""
        members: dict[Key, list[e.Expr]] = {}
        for key, subject in self.subjects.items():
            members.setdefault(self._root(key), []).append(subject)
        return members

    def _groups(self) -> dict[Key, list[Test]]:
        groups: dict[Key, list[Test]] = {}
        for key, test in self.values:
            groups.setdefault(self._root(key), []).append(test)
        return groups

    def _pair_clash(self, left: dict[Key, _Left]) -> list[Test] | None:
        allowed: dict[tuple[Key, Key], frozenset[str]] = {}
        for one, other, test in self.pairs:
            a, b = self._root(one), self._root(other)
            ways = _OUTCOMES[test.op]
            if repr(b) < repr(a):
                a, b, ways = b, a, frozenset(_TURNED[way] for way in ways)
            now = allowed.get((a, b), frozenset("=" if a == b else "<=>")) & ways
            allowed[a, b] = now
            if not now:
                return self._between(a, b)
            if "=" not in now and _pinned_alike(left.get(a), left.get(b)):
                return [*self._between(a, b), *left[a][1], *left[b][1]]
        return None

    def _between(self, a: Key, b: Key) -> list[Test]:
        """All tests about a pair, and what makes values equal to either."""
        roots = {a, b}
        return [
            test for one, other, test in self.pairs
            if self._root(one) in roots and self._root(other) in roots
        ]  # fmt: skip


def _pinned_alike(one: _Left | None, other: _Left | None) -> bool:
    """True when both can only be one and the same value."""
    if one is None or other is None:
        return False
    return one[0].only is not None and one[0].only == other[0].only


def _alike(one: e.Expr, other: e.Expr) -> bool:
    """True for types whose values are written alike, so that tests of one speak of the other."""
    names = {one.type.name, other.type.name}
    return len(names) == 1 or names == _NUMBERS


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
