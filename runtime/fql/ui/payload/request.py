"""A request of a run, written again from its event and its plan: what was sent is not stored.

`${NAME}` stays in place, so that no value of a secret is read; what is marked `@sensitive` is left
out where `[ui] payloads` says so. Pure.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast
from urllib.parse import quote

from fql.actions.written import Request, request_of
from fql.egress.settings import PolicyReader
from fql.engine.core.held.keys import delivery_key
from fql.engine.program.bulkhead import Fault, guarded
from fql.events.intake import Intake
from fql.events.model import Kind
from fql.exact.reading import read_object
from fql.exact.writing import pretty_json, write_json
from fql.expressions.scope import BatchInfo, FailureInfo, Scope
from fql.plan.language.expressions import Expr
from fql.plan.language.nodes import load_expression
from fql.plan.model import Endpoint, Json, Plan, PlanNode
from fql.plan.policies import effective
from fql.plan.web.formats import MEDIA_TYPES
from fql.store.records import Loaded
from fql.store.works import StoredWork, batch_name, decode_works, run_name
from fql.ui.payload.hiding import Hiding
from fql.ui.payload.marks import HIDDEN

_NAME = re.compile(r"\$\{\w+\}")


@dataclass(frozen=True, slots=True)
class Written:
    """A request for people: its first line, headers and body. `problem` says why there is none."""

    action: str
    line: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    curl: str = ""
    problem: str = ""
    parts: Mapping[str, object] | None = None


def hiding_of(loaded: Loaded, plan: Plan | None, hiding: Hiding) -> Hiding:
    """How to hide what belongs to the event of a stored run."""
    rows = read_object(loaded.event.payload)
    return Hiding.of(hiding.payloads, plan, loaded.event.entity, rows.get("new"), rows.get("old"))


def written(plan: Plan, loaded: Loaded, action: str, hiding: Hiding) -> Written:
    """What an action of a run sends. Raises nothing."""
    if hiding.payloads == "none":
        return Written(action, problem='not shown: `payloads = "none"`')
    found = guarded(_written, plan, loaded, action, hiding)
    if isinstance(found, Fault):
        return Written(action, problem="the request cannot be built from this event and plan")
    return found


def _written(plan: Plan, loaded: Loaded, action: str, hiding: Hiding) -> Written:
    nodes = next(one.nodes for one in plan.observers if one.name == loaded.run.observer)
    node = next(one for one in nodes if one.name == action)
    works = dict(zip((one.name for one in nodes), decode_works(loaded.run.works), strict=False))
    scope = _scope(plan, loaded, nodes, works)
    if "batch.size" in node.policies:
        number = works[action].batch
        scope.batch = BatchInfo(batch_name(number) if number else "", 1)
        scope.members = (scope,)
    hide = hiding.payloads == "masked"

    def load(stored: Json) -> Expr:
        found = load_expression(stored)
        return hiding.marks.expression(found) if hide else found

    request = request_of(plan, node, scope, load)
    request = replace(request, place=_readable(request.place), body=hiding.value(request.body))
    key = works[action].key or delivery_key(loaded.run.key, action)
    return _as_written(request, plan, node, key, works[action].sends)


def _scope(
    plan: Plan, loaded: Loaded, nodes: Sequence[PlanNode], works: Mapping[str, StoredWork]
) -> Scope:
    event, intake = loaded.event, Intake(plan)
    new, old = intake.restore(event.entity, event.kind, event.payload.encode())
    scope = Scope(
        event=cast("Kind", event.kind),
        entity=event.entity,
        new=new,
        old=old,
        id=event.event_id,
        timestamp=datetime.fromisoformat(event.timestamp),
        observer=loaded.run.observer,
        run=run_name(loaded.run.id),
    )
    for node in nodes:
        work = works.get(node.name)
        if work is not None and work.answer is not None and node.config.response is not None:
            scope.responses[node.name] = intake.fit_answer(node.config.response, work.answer)
        if work is not None and work.failure is not None:
            scope.failures[node.name] = FailureInfo(*work.failure)
    return scope


def _as_written(request: Request, plan: Plan, node: PlanNode, key: str, sends: int) -> Written:
    endpoint = next((one for one in plan.endpoints if one.name == node.config.endpoint), None)
    given = request.parts.get("headers")
    lines = given.items() if isinstance(given, Mapping) else ()
    own = {str(name): _readable(str(value)) for name, value in lines}
    headers = list(own.items())
    if node.kind == "webhook":
        shown = {one.name: f"${{{one.name}}}" for one in plan.environment}
        headers = _with_ours(node, own, _credentials(node, endpoint, shown), key, sends)
    body = "" if request.body is None else _body_text(request.body)
    parts = {**request.parts, "headers": dict(headers)}
    if "url" in parts:
        parts |= {"url": request.place.partition(" ")[2], "body": request.body}
    curl = _curl(request, headers) if node.kind == "webhook" else ""
    return Written(node.name, request.place, tuple(headers), body, curl, parts=parts)


def _with_ours(
    node: PlanNode,
    own: Mapping[str, str],
    credentials: Sequence[tuple[str, str]],
    key: str,
    sends: int,
) -> list[tuple[str, str]]:
    """The headers of an action, with those that each request of ours has."""
    media = MEDIA_TYPES.get(node.config.format)
    typed = any(name.lower() == "content-type" for name in own)
    found = [("Content-Type", media)] if media and not typed else []
    found += [*own.items(), *credentials]
    return [*found, ("webhook-id", key), ("fql-attempt", str(max(1, sends)))]


def _credentials(
    node: PlanNode, endpoint: Endpoint | None, shown: Mapping[str, str]
) -> list[tuple[str, str]]:
    """What proves who we are, by the names of its secrets."""
    auth = PolicyReader(effective(node, endpoint), shown, node.name).auth()
    values = {} if auth is None else auth.values
    match auth and auth.type:
        case "bearer":
            return [("Authorization", f"Bearer {values['token']}")]
        case "basic":
            return [("Authorization", f"Basic {values['username']}:{values['password']}")]
        case "header":
            return [(values["header"], values["value"])]
        case "oauth2":
            return [("Authorization", "Bearer ${ACCESS_TOKEN}")]
    return []


def _readable(text: str) -> str:
    return text.replace(quote(HIDDEN, safe=""), "***")


def _body_text(body: object) -> str:
    return body if isinstance(body, str) else pretty_json(body).decode().rstrip()


def _curl(request: Request, headers: Sequence[tuple[str, str]]) -> str:
    """The same as a command; names of secrets are variables of the shell."""
    method, _, url = request.place.partition(" ")
    parts = [f"curl -X {method} {_quoted(url)}"]
    parts += [f"  -H {_quoted(f'{name}: {value}')}" for name, value in headers]
    if request.body is not None:
        text = request.body if isinstance(request.body, str) else write_json(request.body).decode()
        parts.append(f"  --data-raw {_quoted(text)}")
    return " \\\n".join(parts)


def _quoted(text: str) -> str:
    """For a shell, which fills in `${NAME}` and leaves everything else as it is."""
    pieces, last = [], 0
    for found in _NAME.finditer(text):
        pieces += [_plain(text[last : found.start()]), f'"{found[0]}"']
        last = found.end()
    return "".join([*pieces, _plain(text[last:])]) or "''"


def _plain(text: str) -> str:
    return shlex.quote(text) if text else ""
