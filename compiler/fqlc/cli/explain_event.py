"""What would happen for events: which observers match, why, and what they would send."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from fql.actions.port import RenderFailed
from fql.errors import EventRefused
from fql.events.intake import Intake
from fql.events.model import Event
from fql.exact.reading import NotJson, read_foreign
from fql.exact.writing import write_json
from fql.expressions.explain import Part, explain
from fql.expressions.scope import Scope
from fql.plan import expressions as e
from fql.plan.harmless import harmless_json, harmless_styled
from fql.plan.model import Observer, Plan, PlanNode
from fql.plan.nodes import load_expression
from fql.testing.harness import played_program
from fqlc.cli.request import request_of
from fqlc.cli.testing.conditions import condition_lines
from fqlc.lower.old_values import nodes_of
from fqlc.project.errors import SurroundingsError


def explain_events(plan: Mapping[str, Any], file: str, form: str) -> None:
    """Print one object, or one story, for each event of a file."""
    model = Plan.model_validate(plan)
    explainer = _Explainer(model)
    for number, line in enumerate(_lines(file), 1):
        found = explainer.line(line, number)
        if form == "json":
            click.echo(harmless_json(write_json(found).decode()))
        else:
            for text in _story(found):
                click.echo(harmless_styled(text))


class _Explainer:
    """Explains events by one plan. Requests are built by the engine's own actions, so that what
    cannot be built is said to be dead here as well; `${NAME}` has a stand-in."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._intake = Intake(plan)
        self._program = played_program(plan)

    def line(self, line: str, number: int) -> dict[str, object]:
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
        return {
            "event": {"entity": event.entity, "event": event.kind, "id": event.id},
            "problem": None,
            "observers": [self._observer(o, event) for o in self._plan.observers],
        }

    def _observer(self, observer: Observer, event: Event) -> dict[str, object]:
        watches = any(t.entity == event.entity and t.event == event.kind for t in observer.on)
        found: dict[str, object] = {"name": observer.name, "watches": watches, "matched": False,
                                    "condition": None, "actions": []}  # fmt: skip
        if not watches:
            return found
        scope = Scope(event.kind, event.entity, event.new, event.old, event.id, event.timestamp,
                      observer.name, "explain")  # fmt: skip
        part = _condition(observer.when, scope)
        found["condition"] = part.as_json() if part else None
        found["matched"] = part is None or part.value is True
        if found["matched"]:
            found["actions"] = [self._action(observer, node, scope) for node in observer.nodes]
        return found

    def _action(self, observer: Observer, node: PlanNode, scope: Scope) -> dict[str, object]:
        found: dict[str, object] = {"name": node.name}
        if any(edge.kind == "failure" and edge.to == node.name for edge in observer.edges):
            return {**found, "decision": "after", "on_failure": True}
        if node.when is not None and _needs_answer(node.when):
            return {**found, "decision": "after"}
        part = _condition(node.when, scope)
        if part is not None:
            found["condition"] = part.as_json()
            if not part.value:
                return {**found, "decision": "skip"}
        if "batch.size" in node.policies:
            return {**found, "decision": "batch"}
        config = node.config
        texts = [config.url, config.path, config.body, *(h.value for h in config.headers)]
        if any(_needs_answer(text) for text in texts if text is not None):
            return {**found, "decision": "after"}
        return {**found, **self._sent(observer, node, scope)}

    def _sent(self, observer: Observer, node: PlanNode, scope: Scope) -> dict[str, object]:
        spec = self._program.observers[observer.name].node(node.name)
        try:
            if spec is not None:
                spec.action.render(scope)
        except RenderFailed as problem:
            return {"decision": "dead", "problem": str(problem)}
        return {"decision": "send", "request": request_of(self._plan, node, scope)}


def _lines(file: str) -> Iterator[str]:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise SurroundingsError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SurroundingsError(f"{file} cannot be read: it is not UTF-8") from None
    return (line for line in text.splitlines() if line.strip())


def _refused(raw: Mapping[str, object], problem: str) -> dict[str, object]:
    event = {key: raw.get(key) for key in ("entity", "event", "id")}
    return {"event": event, "problem": problem, "observers": []}


def _condition(stored: Mapping[str, Any] | None, scope: Scope) -> Part | None:
    return None if stored is None else explain(load_expression(stored), scope)


def _needs_answer(stored: Mapping[str, Any]) -> bool:
    nodes = nodes_of(load_expression(stored))
    return any(isinstance(node, e.Response | e.Failure) for node in nodes)


# For people -------------------------------------------------------------------


def _story(found: dict[str, Any]) -> Iterator[str]:
    event = found["event"]
    yield click.style(f"{event['entity']}.{event['event']} {event['id'] or ''}".rstrip(), bold=True)
    if found["problem"]:
        yield f"  refused: {found['problem']}"
    for observer in found["observers"]:
        yield from _observer_story(observer)


def _observer_story(observer: dict[str, Any]) -> Iterator[str]:
    if not observer["watches"]:
        yield f"  {observer['name']}: does not watch this event"
        return
    yield f"  {observer['name']}: {'matches' if observer['matched'] else 'does not match'}"
    if observer["condition"]:
        yield from condition_lines(observer["condition"], 4)
    for action in observer["actions"]:
        decision = "on_failure" if action.get("on_failure") else action["decision"]
        yield f"    {action['name']}: {_DECISIONS[decision]}"
        if action.get("condition"):
            yield from condition_lines(action["condition"], 6)
        if action.get("problem"):
            yield f"      the request cannot be built: {action['problem']}"
        request = action.get("request")
        if request:
            yield f"      {request['method']} {request['url']}"
            if request["body"] is not None:
                yield f"      {write_json(request['body']).decode()}"


_DECISIONS = {
    "send": "would be sent",
    "dead": "would be dead",
    "skip": "is skipped",
    "after": "waits for an earlier answer",
    "batch": "is collected into a batch",
    "on_failure": "runs only if the action before it is dead",
}
