"""Why no observer matched an event that was kept: the value of each part of each condition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fql.events.intake import KINDS, Intake
from fql.events.model import Event
from fql.expressions.explain import Part, explain
from fql.expressions.scope import Scope
from fql.plan.language.nodes import load_expression
from fql.plan.model import Observer, Plan
from fql.store.history.rows import UnmatchedRow
from fql.store.showing.history import Unmatched


@dataclass(frozen=True, slots=True)
class Judged:
    """A condition of an observer that watches such events, and how many of its parts were false.
    `hints` say, by the text of such a part, by how little it was missed."""

    observer: str
    condition: Part
    false: int
    hints: Mapping[str, str]

    def as_json(self) -> dict[str, object]:
        """One object with everything."""
        return {
            "observer": self.observer, "condition": self.condition.as_json(), "false": self.false,
            "hints": self.hints,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Why:
    """An event without a run: the observers that watch such events, that with the fewest false
    parts first, and the names of the others. `problem` says why there are none."""

    event: Unmatched
    observers: tuple[Judged, ...] = ()
    others: tuple[str, ...] = ()
    problem: str = ""

    def as_json(self) -> dict[str, object]:
        """One object with everything."""
        return {
            "event": self.event.as_json(), "observers": [one.as_json() for one in self.observers],
            "others": list(self.others), "problem": self.problem,
        }  # fmt: skip


def why(row: UnmatchedRow, shown: Unmatched, plan: Plan | None) -> Why:
    """Judge an event as its plan did, which is None where it is gone."""
    if row.result != "unmatched":
        return Why(shown, problem=row.reason or "the plan has no such entity")
    if plan is None:
        return Why(shown, problem="the plan that judged it is not stored any more")
    event = _event(row, plan)
    hidden = frozenset(
        field.name
        for entity in plan.entities
        if entity.name == row.entity
        for field in entity.fields
        if field.sensitive
    )
    watching = [one for one in plan.observers if _watches(one, event)]
    judged = [found for one in watching if (found := _judged(one, event, hidden)) is not None]
    others = tuple(one.name for one in plan.observers if one not in watching)
    return Why(shown, tuple(sorted(judged, key=_distance)), others)


def _distance(judged: Judged) -> tuple[int, bool, int]:
    """How far a condition was from holding: its false parts; those that were nearly true and those
    that were reached last count less."""
    unseen = sum(leaf.value is None for leaf in _leaves(judged.condition))
    return judged.false, not judged.hints, unseen


def _event(row: UnmatchedRow, plan: Plan) -> Event:
    payload = row.payload.encode()
    (kind,) = (one for one in KINDS if one == row.kind)
    new, old = Intake(plan).restore(row.entity, row.kind, payload)
    return Event(
        entity=row.entity,
        kind=kind,
        new=new,
        old=old,
        id=row.event_id,
        timestamp=datetime.fromtimestamp(row.at / 1000).astimezone(),
        source=row.source,
        position="",
        payload=payload,
        key=None,
        context={},
        row_key=row.row_key,
    )


def _watches(observer: Observer, event: Event) -> bool:
    return any(on.entity == event.entity and on.event == event.kind for on in observer.on)


def _judged(observer: Observer, event: Event, hidden: frozenset[str]) -> Judged | None:
    if observer.when is None:
        return None
    scope = Scope.of(event, observer.name, "explain")
    part = explain(load_expression(observer.when), scope, hidden)
    false = [leaf for leaf in _leaves(part) if leaf.value is False]
    hints = {leaf.text: hint for leaf in false if (hint := hint_of(leaf))}
    return Judged(observer.name, part, len(false), hints)


def _leaves(part: Part) -> Iterator[Part]:
    if not part.parts:
        yield part
    for inner in part.parts:
        yield from _leaves(inner)


def hint_of(part: Part) -> str:
    """By how little a comparison was missed, or nothing."""
    if len(part.operands) != 2 or part.value is not False:
        return ""
    (_, left), (_, right) = part.operands
    choices: Sequence[object] = right if isinstance(right, list | tuple) else (right,)
    for choice in choices:
        if hint := _near(left, choice):
            return hint
    return ""


def _near(left: object, right: object) -> str:
    if left is None or right is None or left == right:
        return ""
    one, other = str(left), str(right)
    if one == other:
        return "one is a text, the other is not"
    if one.casefold() == other.casefold():
        return "differs in case only"
    if one.strip() == other.strip():
        return "differs in blanks only"
    return ""
