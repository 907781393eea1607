"""Whether stored work fits another plan than its own: decided before anything of it is sent. Pure.

A dead letter is replayed by the active plan. Its event and the answers of earlier actions were
checked against the plan they came from; here they are checked against the plan they go to, and
typed by it. What does not fit is reported with its path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from fql.errors import EventRefused
from fql.events.intake import AnswerMisfit, EventMisfit, Intake
from fql.events.model import Row
from fql.exact.reading import read_json
from fql.exact.writing import write_json
from fql.plan.answers import Read, reads_in
from fql.plan.language.types import Type, parse_type
from fql.plan.model import Observer, Plan, PlanNode
from fql.plan.table import TypeTable
from fql.store.works import DEAD, DONE, TERMINAL

ORIGINAL = "replay it with the original plan (`--plan original`)"


@dataclass(frozen=True, slots=True)
class Past:
    """An action of the run: its state, and its answer if it has one, as a value in memory."""

    state: str
    answer: object = None


@dataclass(frozen=True, slots=True)
class Story:
    """What is to be sent by another plan: an action of a stored run. `payload` holds the rows of
    its event, `past` all actions of the run."""

    observer: str
    action: str
    entity: str
    kind: str
    payload: bytes
    past: Mapping[str, Past]


@dataclass(frozen=True, slots=True)
class View:
    """The event and the answers as the other plan types them."""

    new: Row | None
    old: Row | None
    answers: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why it cannot be sent by that plan. `why` quotes what came, `bare` does not, for logs."""

    why: str
    bare: str


class _Misfit(Exception):
    def __init__(self, why: str, bare: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.bare = bare or why


@dataclass(slots=True)
class Measure:
    """What one plan asks of stored work."""

    plan: Plan
    intake: Intake
    _observers: dict[str, Observer] = field(init=False)
    _table: TypeTable = field(init=False)
    _reads: dict[tuple[str, str, bool], tuple[Read, ...]] = field(init=False)

    def __post_init__(self) -> None:
        self._observers = {observer.name: observer for observer in self.plan.observers}
        self._table = TypeTable.of(self.plan)
        self._reads = {}

    def fit(self, story: Story, own: Measure | None) -> View | Unfit:
        """How this plan sees the work, which came from the plan of `own`."""
        try:
            observer, node = self._target(story)
            new, old = self._rows(story, observer)
            answers = self._answers(story, observer, node)
            if own is not None:
                own._require_followers(story, self, node)
        except _Misfit as misfit:
            return Unfit(f"{misfit.why}; {ORIGINAL}", f"{misfit.bare}; {ORIGINAL}")
        return View(new, old, answers)

    def _target(self, story: Story) -> tuple[Observer, PlanNode]:
        observer = self._observers.get(story.observer)
        if observer is None:
            raise _Misfit(f"the active plan no longer has the observer {story.observer}")
        node = _node(observer, story.action)
        if node is None:
            raise _Misfit("the active plan no longer has this action")
        watched = [(trigger.entity, trigger.event) for trigger in observer.on]
        if (story.entity, story.kind) not in watched:
            names = ", ".join(f"{entity}.{kind}" for entity, kind in watched)
            event = f"{story.entity}.{story.kind}"
            raise _Misfit(f"{story.observer} of the active plan watches {names}, and not {event}")
        return observer, node

    def _rows(self, story: Story, observer: Observer) -> tuple[Row | None, Row | None]:
        needed = frozenset(observer.requires.old_values)
        try:
            return self.intake.refit(story.entity, story.kind, story.payload, needed)
        except EventMisfit as misfit:
            why = "; ".join(map(str, misfit.problems))
            bare = "; ".join(one.bare for one in misfit.problems)
            said = "the event does not fit the active plan: "
            raise _Misfit(said + why, said + bare) from None
        except EventRefused as refused:
            raise _Misfit(refused.message) from None

    def _answers(self, story: Story, observer: Observer, node: PlanNode) -> dict[str, object]:
        answers: dict[str, object] = {}
        for read in self._reads_of(observer, node, whole=False):
            past = story.past.get(read.action, Past(""))
            if read.what == "failure":
                if read.needed and past.state != DEAD:
                    raise _Misfit(f"it needs the error of {read.action}, which has not failed")
            elif past.state == DONE and past.answer is not None:
                answers[read.action] = self._fitted_answer(observer, read.action, past.answer)
            elif read.needed and not self._may_lack(observer, read.action, past):
                raise _Misfit(f"it needs the answer of {read.action}, which this run does not have")
        return answers

    def _may_lack(self, observer: Observer, action: str, past: Past) -> bool:
        """An answer without a declared type is null where it was not JSON."""
        return past.state == DONE and self._response(observer, action) is None

    def _response(self, observer: Observer, action: str) -> str | None:
        node = _node(observer, action)
        return None if node is None else node.config.response

    def _fitted_answer(self, observer: Observer, action: str, answer: object) -> object:
        wanted = self._response(observer, action)
        if wanted is None:
            return answer
        try:
            return self.intake.fit_answer(wanted, read_json(write_json(answer)))
        except AnswerMisfit as misfit:
            said = f"the answer of {action} does not fit the active plan: "
            raise _Misfit(said + str(misfit), said + misfit.bare) from None

    def _require_followers(self, story: Story, other: Measure, node: PlanNode) -> None:
        """The run goes on by this plan, its own: what its later actions read of the answer, the
        `other` plan's action must keep."""
        observer = self._observers.get(story.observer)
        if observer is None or not self._is_read_later(story, observer):
            return
        mine = self._response(observer, story.action)
        theirs = node.config.response
        said = f"the actions that follow read the answer of {story.action}"
        if mine is None and theirs is None:
            if not other._reads_answer(story.observer, story.action):
                raise _Misfit(f"{said}, which the active plan does not keep")
            return
        if mine is None or theirs is None:
            raise _Misfit(f"{said} as {mine or 'JSON'}, the active plan has {theirs or 'JSON'}")
        lost = next(self._lost(parse_type(mine), other, parse_type(theirs), "response", ()), None)
        if lost is not None:
            raise _Misfit(f"{said}: {lost}, which the active plan does not keep")

    def _is_read_later(self, story: Story, observer: Observer) -> bool:
        return any(
            read.what == "response" and read.action == story.action
            for node in observer.nodes
            if story.past.get(node.name, Past("")).state not in TERMINAL
            for read in self._reads_of(observer, node, whole=True)
        )

    def _reads_answer(self, observer: str, action: str) -> bool:
        found = self._observers.get(observer)
        return found is not None and any(
            read.what == "response" and read.action == action
            for node in found.nodes
            for read in self._reads_of(found, node, whole=True)
        )

    def _lost(
        self, mine: Type, other: Measure, theirs: Type, path: str, seen: tuple[str, ...]
    ) -> Iterator[str]:
        """The paths that a value of `mine` has and one of `theirs` does not."""
        if mine.item is not None and theirs.item is not None:
            yield from self._lost(mine.item, other, theirs.item, f"{path}[]", seen)
        own, others = self._table.types.get(mine.name), other._table.types.get(theirs.name)
        if own is None or others is None or mine.name in seen:
            return
        kept = {each.name: each.type for each in others.fields}
        for each in own.fields:
            place = f"{path}.{each.name}"
            if each.name not in kept:
                yield place
                continue
            inner, again = parse_type(kept[each.name]), (*seen, mine.name)
            yield from self._lost(parse_type(each.type), other, inner, place, again)

    def _reads_of(self, observer: Observer, node: PlanNode, *, whole: bool) -> tuple[Read, ...]:
        """What an action reads: in its request, or in its condition as well."""
        key = (observer.name, node.name, whole)
        if key not in self._reads:
            parts: list[object] = [node.config.model_dump()]
            self._reads[key] = tuple(
                dict.fromkeys(reads_in([*parts, node.when if whole else None]))
            )
        return self._reads[key]


def _node(observer: Observer, name: str) -> PlanNode | None:
    return next((node for node in observer.nodes if node.name == name), None)
