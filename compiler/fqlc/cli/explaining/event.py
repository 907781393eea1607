"""What would happen for events: which observers match, why, and what they would send."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from fql.actions.port import RenderFailed
from fql.actions.written import request_of
from fql.errors import EventRefused, advice_on_file
from fql.events.intake import Intake
from fql.events.model import Event
from fql.exact.reading import NotJson, read_foreign
from fql.expressions.explain import Part, explain
from fql.expressions.scope import Scope
from fql.plan.kinds import CALL, PUBLISH
from fql.plan.language import expressions as e
from fql.plan.language.nodes import load_expression
from fql.plan.model import Json, Observer, Plan, PlanNode
from fql.terminal.lines import json_line, prose
from fql.testing.harness import played_program
from fqlc.cli.explaining.event_story import ActionStory, Decision, EventStory, ObserverStory
from fqlc.lower.old_values import nodes_of
from fqlc.project.errors import SurroundingsError

_DECISIONS: Mapping[str, Decision] = MappingProxyType({PUBLISH: "publish", CALL: "call"})


def explain_events(plan: Plan, file: str, form: str) -> None:
    """Print one object, or one story, for each event of a file."""
    explainer = _Explainer(plan)
    for number, line in enumerate(_lines(file), 1):
        found = explainer.line(line, number)
        if form == "json":
            json_line(found.as_json())
        else:
            for text in found.lines():
                prose(text)


class _Explainer:
    """Explains events by one plan. Requests are built by the engine's own actions, so that what
    cannot be built is said to be dead here as well; `${NAME}` has a stand-in."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._intake = Intake(plan)
        self._program = played_program(plan)

    def line(self, line: str, number: int) -> EventStory:
        """What would happen for the event in a line."""
        try:
            raw = read_foreign(line)
        except NotJson as error:
            return _refused({}, f"line {number} is not JSON: {error}")
        if not isinstance(raw, dict):
            return _refused({}, f"line {number} is not an object")
        try:
            event = self._intake.check(
                raw, source="explain", position=str(number), new_id=lambda: f"line-{number}",
                now=datetime.now(UTC),
            )  # fmt: skip
        except EventRefused as error:
            return _refused(raw, error.message)
        observers = tuple(self._observer(each, event) for each in self._plan.observers)
        return EventStory(event.entity, event.kind, event.id, observers=observers)

    def _observer(self, observer: Observer, event: Event) -> ObserverStory:
        if not any(t.entity == event.entity and t.event == event.kind for t in observer.on):
            return ObserverStory(observer.name, watches=False)
        scope = Scope.of(event, observer.name, "explain")
        part = _condition(observer.when, scope)
        if part is not None and part.value is not True:
            return ObserverStory(observer.name, watches=True, condition=part)
        actions = tuple(self._action(observer, node, scope) for node in observer.nodes)
        return ObserverStory(observer.name, True, True, part, actions)

    def _action(self, observer: Observer, node: PlanNode, scope: Scope) -> ActionStory:
        if any(edge.kind == "failure" and edge.to == node.name for edge in observer.edges):
            return ActionStory(node.name, "on_failure")
        if node.when is not None and _needs_answer(node.when):
            return ActionStory(node.name, "after")
        part = _condition(node.when, scope)
        if part is not None and not part.value:
            return ActionStory(node.name, "skip", part)
        if "batch.size" in node.policies:
            return ActionStory(node.name, "batch", part)
        config = node.config
        texts = [config.url, config.path, config.body, *config.settings.values()]
        texts += [header.value for header in config.headers]
        if any(_needs_answer(text) for text in texts if text is not None):
            return ActionStory(node.name, "after", part)
        return replace(self._sent(observer, node, scope), condition=part)

    def _sent(self, observer: Observer, node: PlanNode, scope: Scope) -> ActionStory:
        spec = self._program.observers[observer.name].node(node.name)
        try:
            if spec is not None:
                spec.action.render(scope)
        except RenderFailed as problem:
            return ActionStory(node.name, "dead", problem=str(problem))
        decision = _DECISIONS.get(node.kind, "send")
        return ActionStory(node.name, decision, request=request_of(self._plan, node, scope))


def _lines(file: str) -> Iterator[str]:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise SurroundingsError(
            f"{file} cannot be read: {error.strerror}", advice_on_file(error)
        ) from None
    except UnicodeDecodeError:
        raise SurroundingsError(f"{file} cannot be read: it is not UTF-8") from None
    return (line for line in text.splitlines() if line.strip())


def _refused(raw: Mapping[str, object], problem: str) -> EventStory:
    return EventStory(raw.get("entity"), raw.get("event"), raw.get("id"), problem)


def _condition(stored: Json | None, scope: Scope) -> Part | None:
    return None if stored is None else explain(load_expression(stored), scope)


def _needs_answer(stored: Json) -> bool:
    nodes = nodes_of(load_expression(stored))
    return any(isinstance(node, e.Response | e.Failure) for node in nodes)
