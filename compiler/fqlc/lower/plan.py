"""A program without errors to a plan as plain data, in the shape of `fql.plan.model`.

Everything is ordered by name or as written in one block, never by the order of files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from fql.plan.expressions import Expr
from fql.plan.nodes import dump_expression
from fql.plan.policies import DEFAULTS
from fqlc.checks.levels import ALL_HEADERS, Given, merged
from fqlc.checks.model import ActionModel, EndpointModel, ObserverModel, Program
from fqlc.lower.edges import plan_edges
from fqlc.lower.environment import EnvironmentNames
from fqlc.lower.old_values import required_old_values
from fqlc.lower.policies import plan_headers, plan_policies, removed_header, stored_value
from fqlc.names.symbols import EntityInfo, EnumInfo, FieldInfo
from fqlc.source.text import SourceText, Span

FORMAT = "fql-plan/1"
RECEIVER_POLICIES = ("rate_limit.", "concurrency", "circuit.")
Stored = dict[str, Any]


def lower(program: Program, sources: Mapping[str, SourceText], compiler: str) -> Stored:
    """The plan without its digest. `sources` are the texts by path; `compiler` is our version."""
    return _Lowering(program, sources).plan(compiler)


class _Lowering:
    """One lowering: the program, its texts, and the names found on the way."""

    def __init__(self, program: Program, sources: Mapping[str, SourceText]) -> None:
        self._program = program
        self._sources = sources
        self._environment = EnvironmentNames()

    def plan(self, compiler: str) -> Stored:
        project = self._program.project
        rows = sorted(project.rows.values(), key=lambda r: r.name)
        enums = sorted(project.enum_infos.values(), key=lambda e: e.name)
        endpoints = sorted(self._program.endpoints.values(), key=lambda e: e.name)
        observers = sorted(self._program.observers, key=lambda o: o.name)
        return {
            "format": FORMAT,
            "compiler": compiler,
            "sources": [_source(s) for _, s in sorted(self._sources.items())],
            "enums": [_enum(e) for e in enums],
            "types": [_row(r) for r in rows if r.kind == "type"],
            "entities": [_entity(r) for r in rows if r.kind == "entity"],
            "endpoints": [self._endpoint(e) for e in endpoints],
            "limits": self._limits(endpoints),
            "observers": [self._observer(o) for o in observers],
            "environment": self._environment.as_plan(),
        }

    def _endpoint(self, endpoint: EndpointModel) -> Stored:
        settings = self._program.effective_at(endpoint)
        policies = plan_policies(settings)
        headers = [h for h in plan_headers(settings) if not _removed(h)]
        url = dump_expression(endpoint.url.expr) if endpoint.url else None
        user = f"endpoint {endpoint.name}"
        self._environment.collect([url, headers], user)
        self._environment.collect_policies(policies, user)
        return {
            "name": endpoint.name,
            "url": url,
            "headers": headers,
            "policies": policies,
            "doc": endpoint.block.doc.text if endpoint.block.doc else "",
            "span": self._span(endpoint.block.header),
        }

    def _limits(self, endpoints: list[EndpointModel]) -> list[Stored]:
        """What each named receiver may get. Of others the actions themselves say it."""
        limits = [(e.name, self._program.effective_at(e)) for e in endpoints]
        stored = [(name, plan_policies(_receiver(settings))) for name, settings in limits]
        return [{"endpoint": name, "policies": policies} for name, policies in stored if policies]

    def _observer(self, observer: ObserverModel) -> Stored:
        entity = observer.entity.name if observer.entity else ""
        order = observer.order_by
        return {
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
        }

    def _hidden(
        self, observer: ObserverModel, action: ActionModel, settings: Mapping[str, Given]
    ) -> Stored:
        """Policies of the endpoint that a nearer level took back (`auth: null`, or `auth` of
        another type): the runtime, which reads the endpoint as it is, must see that."""
        endpoint = self._program.endpoints.get(action.endpoint or "")
        if endpoint is None:
            return {}
        below = _sender(self._program.effective_at(endpoint))
        near = {**observer.settings, **action.settings}
        return {
            key: {"value": stored_value(DEFAULTS.get(key)), "origin": near[cause].origin}
            for key in below
            if key not in settings and not key.startswith("headers.")
            for cause in (key, "auth.type")
            if cause in near and (cause == key or key.startswith("auth."))
        }

    def _config(self, observer: ObserverModel, action: ActionModel) -> Stored:
        config = {
            "method": action.method,
            "endpoint": action.endpoint,
            "url": _dump(action.url.expr) if action.url else None,
            "path": _dump(action.path.expr) if action.path else None,
            "headers": self._headers(observer, action),
            "body": _dump(action.body),
            "response": str(action.response) if action.response else None,
        }
        return {key: value for key, value in config.items() if value not in (None, [])}

    def _headers(self, observer: ObserverModel, action: ActionModel) -> list[Stored]:
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


def _dump(expr: Expr | None) -> Stored | None:
    return None if expr is None else dump_expression(expr)


def _removed(header: Stored) -> bool:
    value = header["value"]
    return bool(value["op"] == "constant" and value["value"] is None)


def _receiver(settings: Mapping[str, Given]) -> dict[str, Given]:
    return {k: g for k, g in settings.items() if k.startswith(RECEIVER_POLICIES)}


def _sender(settings: Mapping[str, Given]) -> dict[str, Given]:
    return {k: g for k, g in settings.items() if not k.startswith(RECEIVER_POLICIES)}


def _source(source: SourceText) -> Stored:
    digest = hashlib.sha256(source.text.encode("utf-8")).hexdigest()
    return {"path": source.path, "sha256": digest}


def _enum(enum: EnumInfo) -> Stored:
    return {"name": enum.name, "members": list(enum.members), "doc": enum.doc}


def _row(row: EntityInfo) -> Stored:
    return {"name": row.name, "fields": [_field(f) for f in row.fields.values()], "doc": row.doc}


def _entity(row: EntityInfo) -> Stored:
    return {**_row(row), "table": row.table}


def _field(field: FieldInfo) -> Stored:
    return {
        "name": field.name,
        "type": str(field.type),
        "column": field.column,
        "key": field.key,
        "sensitive": field.sensitive is not None,
        "doc": field.doc,
    }
