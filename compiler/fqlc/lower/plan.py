"""A program without errors to the pieces of its plan: plain data in the shape of `fql.plan.model`.

Each declaration gives one piece, from itself and what it names; `fqlc.lower.pieces` puts them
together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fql.exact.kinds import as_object, as_objects
from fql.plan.language.expressions import Constant, Expr
from fql.plan.language.nodes import dump_expression
from fql.plan.language.types import STRING
from fql.plan.policy.levels import ALL_HEADERS, is_of_receivers
from fql.plan.policy.table import DEFAULTS
from fqlc.checks.levels import Given, merged
from fqlc.checks.model import ActionModel, EndpointModel, ObserverModel, Program
from fqlc.lower.answers import KeptAnswers
from fqlc.lower.edges import plan_edges
from fqlc.lower.environment import EnvironmentNames
from fqlc.lower.old_values import required_old_values
from fqlc.lower.pieces import Piece, Stored, StoredHeader, StoredSetting
from fqlc.lower.policies import plan_headers, plan_policies, removed_header, stored_value
from fqlc.names.symbols import EntityInfo, EnumInfo, FieldInfo
from fqlc.source.text import SourceText, Span


def lower(program: Program, sources: Mapping[str, SourceText]) -> Iterator[Piece]:
    """The piece of every declaration that a plan tells of. `sources` are the texts by path."""
    project = program.project
    for enum in project.enum_infos.values():
        yield Piece("enums", enum.name, _enum(enum))
    for row in project.rows.values():
        stored = _row(row) if row.kind == "type" else _entity(row)
        yield Piece("types" if row.kind == "type" else "entities", row.name, stored)
    for endpoint in program.endpoints.values():
        yield _Lowering(program, sources).endpoint(endpoint)
    for observer in program.observers:
        yield _Lowering(program, sources).observer(observer)


class _Lowering:
    """One lowering: the program, its texts, and the names found on the way."""

    def __init__(self, program: Program, sources: Mapping[str, SourceText]) -> None:
        self._program = program
        self._sources = sources
        self._environment = EnvironmentNames()

    def endpoint(self, endpoint: EndpointModel) -> Piece:
        """The piece of an endpoint, with what a receiver of this name may get."""
        settings = self._program.effective_at(endpoint)
        policies = plan_policies(settings)
        headers = [h for h in plan_headers(settings) if not _removed(h)]
        url = dump_expression(endpoint.url.expr) if endpoint.url else None
        user = f"endpoint {endpoint.name}"
        self._environment.collect([url, headers], user)
        self._environment.collect_policies(policies, user)
        stored: Stored = {
            "name": endpoint.name,
            "url": url,
            "headers": headers,
            "policies": policies,
            "doc": endpoint.block.doc.text if endpoint.block.doc else "",
            "span": self._span(endpoint.block.header),
        }
        limits = plan_policies(_receiver(settings))
        return Piece("endpoints", endpoint.name, stored, self._environment.users, limits)

    def observer(self, observer: ObserverModel) -> Piece:
        """The piece of an observer with its nodes and edges."""
        entity = observer.entity.name if observer.entity else ""
        order = observer.order_by
        stored: Stored = {
            "name": observer.name,
            "doc": observer.block.doc.text if observer.block.doc else "",
            "on": [{"entity": entity, "event": event} for event in observer.events],
            "requires": {"old_values": required_old_values(observer)},
            "when": _dump(observer.when),
            "order_by": {"by": _dump(order.by), "on_dead": order.on_dead} if order else None,
            "nodes": [self._node(observer, action) for action in observer.actions],
            "edges": plan_edges(observer.graph),
            "span": self._span(observer.block.header),
        }
        types = self._answers(observer, stored)
        return Piece("observers", observer.name, stored, self._environment.users, types=types)

    def _answers(self, observer: ObserverModel, stored: Stored) -> Mapping[str, Stored]:
        """Give nodes the types of answers that contracts describe, as far as they are read."""
        described = {a.name: a.answered for a in observer.actions if a.answered is a.response}
        if not any(described.values()):
            return {}
        kept = KeptAnswers(self._program.project, stored)
        for node in as_objects(stored["nodes"]):
            of = described.get(str(node["name"]))
            response = kept.response(str(node["name"]), of) if of is not None else None
            if response is not None:
                as_object(node["config"])["response"] = response
        return kept.types

    def _node(self, observer: ObserverModel, action: ActionModel) -> Stored:
        settings = self._program.effective(observer, action)
        policies = plan_policies(_sender(settings) if action.endpoint else settings)
        policies |= self._hidden(observer, action, settings)
        config = self._config(observer, action)
        user = f"observer {observer.name}, action {action.name}"
        self._environment.collect(config, user)
        self._environment.collect_policies(policies, user)
        return {
            "name": action.name,
            "kind": action.kind,
            "doc": action.block.doc.text if action.block.doc else "",
            "when": _dump(action.when),
            "config": config,
            "policies": policies,
            "span": self._span(action.block.header),
            **_contract(action),
        }

    def _hidden(
        self, observer: ObserverModel, action: ActionModel, settings: Mapping[str, Given]
    ) -> dict[str, StoredSetting]:
        """Policies of the endpoint that a nearer level took back (`auth: null`, or `auth` of
        another type): the runtime, which reads the endpoint as it is, must see that."""
        endpoint = self._program.endpoints.get(action.endpoint or "")
        if endpoint is None:
            return {}
        below = _sender(self._program.effective_at(endpoint))
        near = {**observer.settings, **action.settings}
        return {
            key: {"value": stored_value(DEFAULTS.get(key)), "origin": str(near[cause].origin)}
            for key in below
            if key not in settings and not key.startswith("headers.")
            for cause in (key, "auth.type")
            if cause in near and (cause == key or key.startswith("auth."))
        }

    def _config(self, observer: ObserverModel, action: ActionModel) -> Stored:
        made = {"webhook": self._request, "publish": _message, "call": _call}[action.kind]
        config = made(observer, action)
        return {key: value for key, value in config.items() if value not in (None, [])}

    def _request(self, observer: ObserverModel, action: ActionModel) -> Stored:
        target = action.target
        return {
            "method": target.method,
            "endpoint": target.endpoint,
            "url": _dump(target.url.expr) if target.url else None,
            "path": _dump(target.path.expr) if target.path else None,
            "headers": self._headers(observer, action),
            "body": _dump(action.body),
            "format": None if target.format == "json" else target.format,
            "response": _response(action),
        }

    def _headers(self, observer: ObserverModel, action: ActionModel) -> list[StoredHeader]:
        """Headers of action and observer. Those of `defaults` are an endpoint's already; a header
        that is removed is kept only where it hides one of the endpoint."""
        endpoint = self._program.endpoints.get(action.endpoint or "")
        own = (action.settings, observer.settings)
        if endpoint is None:
            found = plan_headers(merged((*own, self._program.defaults)))
            return [h for h in found if not _removed(h)]
        theirs = plan_headers(self._program.effective_at(endpoint))
        below = {h["name"].lower() for h in theirs}
        found = plan_headers(merged(own))
        hiding = [h for h in found if not _removed(h) or h["name"].lower() in below]
        if not any(ALL_HEADERS in level for level in own):
            return hiding
        given = {h["name"].lower() for h in hiding}
        return hiding + [
            removed_header(h["name"]) for h in theirs if h["name"].lower() not in given
        ]

    def _span(self, span: Span) -> Stored:
        source = self._sources[span.path]
        start, end = source.position(span.start), source.position(span.end)
        return {
            "file": span.path,
            "line": start.line,
            "column": start.column,
            "end_line": end.line,
            "end_column": end.column,
        }


def _message(_observer: ObserverModel, action: ActionModel) -> Stored:
    """A message has no headers but its own."""
    subject = action.target.subject
    return {
        "headers": [h for h in plan_headers(action.settings) if not _removed(h)],
        "body": _dump(action.body),
        "settings": {"subject": _dump(subject.expr)} if subject else None,
    }


def _call(_observer: ObserverModel, action: ActionModel) -> Stored:
    function = Constant(type=STRING, value=action.target.function)
    settings = {"function": _dump(function), "arguments": _dump(action.body)}
    return {"response": _response(action), "settings": settings}


def _contract(action: ActionModel) -> Stored:
    """What an action was judged by."""
    if action.contract is None:
        return {}
    operation = action.contract.operation
    return {
        "contract": {
            "file": operation.contract,
            "operation": operation.name,
            "sha256": operation.sha256,
        }
    }


def _response(action: ActionModel) -> str | None:
    """The type that `response:` declares."""
    declared = action.response is not None and action.response is not action.answered
    return action.response.text if declared and action.response else None


def _dump(expr: Expr | None) -> Stored | None:
    return None if expr is None else dump_expression(expr)


def _removed(header: StoredHeader) -> bool:
    value = header["value"]
    return bool(value["op"] == "constant" and value["value"] is None)


def _receiver(settings: Mapping[str, Given]) -> dict[str, Given]:
    return {k: g for k, g in settings.items() if is_of_receivers(k)}


def _sender(settings: Mapping[str, Given]) -> dict[str, Given]:
    return {k: g for k, g in settings.items() if not is_of_receivers(k)}


def _enum(enum: EnumInfo) -> Stored:
    return {"name": enum.name, "members": list(enum.members), "doc": enum.doc}


def _row(row: EntityInfo) -> Stored:
    return {"name": row.name, "fields": [_field(f) for f in row.fields.values()], "doc": row.doc}


def _entity(row: EntityInfo) -> Stored:
    return {**_row(row), "table": row.table}


def _field(field: FieldInfo) -> Stored:
    return {
        "name": field.name,
        "type": field.type.text,
        "column": field.column,
        "key": field.key,
        "sensitive": field.sensitive is not None,
        "doc": field.doc,
    }
