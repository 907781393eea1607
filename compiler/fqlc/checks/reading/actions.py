"""Reading an action: where it goes, what it sends, and what it may see while doing so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from fql.plan.language.types import ERROR, Type
from fql.plan.origin import Origin
from fqlc.checks.model import ActionModel, EndpointModel, Written
from fqlc.checks.reading.entries import Found, block_entries, is_read_in_full, meant_keys
from fqlc.checks.reading.settings import report_unknown
from fqlc.checks.reading.tools import Tools
from fqlc.checks.reading.views import Sight, facts_after
from fqlc.checks.table.blocks import WEBHOOK
from fqlc.diagnostics.model import Label
from fqlc.syntax.tree import ast
from fqlc.types.bodies import has_each
from fqlc.types.infer import check_body, check_condition, response_type
from fqlc.types.scope import BatchPlace, ExprScope


@dataclass(frozen=True, slots=True)
class _Target:
    """Where an action sends."""

    endpoint: str | None = None
    url: Written | None = None
    path: Written | None = None


class ActionReader:
    """Reads the actions of one observer. `scope` is that of its `when`, which holds in them."""

    def __init__(
        self,
        tools: Tools,
        scope: ExprScope,
        endpoints: Mapping[str, EndpointModel],
    ) -> None:
        self._tools = tools
        self._scope = scope
        self._endpoints = endpoints

    def response(self, block: ast.Block) -> Type | None:
        """The type of the answer that a block declares."""
        value = next((e.value for e in block.entries if e.key.text == "response"), None)
        if value is None and not is_read_in_full(block):
            return ERROR
        if value is None or _is_null(value):
            return None
        return response_type(value, self._tools.project, self._tools.sink)

    def read(self, name: str, block: ast.Block, sight: Sight) -> ActionModel:
        """The model of an action; notes its `when` in `sight`."""
        tools = self._tools
        found = block_entries(block, WEBHOOK, tools.sink)
        outer = self._scope.knowing(sight.failure_facts(name))
        outer = replace(outer, actions=sight.views(name, None))
        when = check_condition(found["when"].value, outer, tools.sink) if "when" in found else None
        sight.guards[name] = when
        scope = replace(outer, actions=sight.views(name, when))
        scope = scope.knowing(facts_after(block, WEBHOOK, when))
        return self._sending(name, block, found, scope, sight)

    def _sending(
        self,
        name: str,
        block: ast.Block,
        found: Mapping[str, Found],
        scope: ExprScope,
        sight: Sight,
    ) -> ActionModel:
        tools = self._tools
        place = self._place(found.get("batch"))
        own = place == "outside"
        inside = replace(scope, batch=place)
        body = check_body(found["body"].value, inside, tools.sink) if "body" in found else None
        batched = own or (place == "project" and "body" in found and has_each(found["body"].value))
        text = replace(scope, batch="outside" if batched else "none", allow_environment=True)
        settings = tools.settings(text).policies(found, Origin("action", name))
        target = self._target(block, found, text)
        return ActionModel(
            name=name,
            kind=block.kind.text,
            block=block,
            settings=settings,
            scope=inside,
            when=sight.guards[name],
            endpoint=target.endpoint,
            url=target.url,
            path=target.path,
            method=self._method(found),
            body=body,
            body_span=found["body"].value.span if "body" in found else None,
            response=sight.responses.get(name),
            batched=batched,
        )

    def _place(self, batch: Found | None) -> BatchPlace:
        """Whether it collects events: `batch: null` switches the project's batching off."""
        if batch is None:
            return "project" if self._tools.surroundings.batches else "none"
        return "none" if _is_null(batch.value) else "outside"

    def _method(self, found: Mapping[str, Found]) -> str:
        method = self._tools.value(found.get("method"))
        return method if isinstance(method, str) else "POST"

    # where it goes

    def _target(self, block: ast.Block, found: Mapping[str, Found], scope: ExprScope) -> _Target:
        tools = self._tools
        self._one_target(block, found)
        endpoint = self._endpoint(found.get("endpoint"))
        return _Target(
            endpoint,
            tools.text(found.get("url"), scope, "url"),
            tools.text(found.get("path"), scope, "path"),
        )

    def _one_target(self, block: ast.Block, found: Mapping[str, Found]) -> None:
        url, endpoint, path = (found.get(k) for k in ("url", "endpoint", "path"))
        sink = self._tools.sink
        written = [(e.key, e.value) for e in block.entries]
        meant = meant_keys(written, WEBHOOK.keys) & {"url", "endpoint"}
        if url is None and endpoint is None and block.sound and not meant:
            sink.error(
                "FQL205", "this `webhook` needs a `url` or an `endpoint`", block.header,
                label="no receiver",
                help=('write `url: "https://..."`, or name an `endpoint` block',),
            )  # fmt: skip
        if url is not None and endpoint is not None:
            sink.error(
                "FQL206", "a webhook has a `url` or an `endpoint`, not both", url.name.span,
                label="this `url`",
                labels=(Label(endpoint.name.span, "and this `endpoint`"),),
                help=("with an `endpoint`, give the rest of the url as `path`",),
            )  # fmt: skip
        if path is not None and endpoint is None and url is not None:
            sink.error(
                "FQL206", "`path` goes with an `endpoint`, not with a `url`", path.name.span,
                label="without an endpoint",
                help=("write the path at the end of the url",),
            )  # fmt: skip

    def _endpoint(self, found: Found | None) -> str | None:
        if found is None:
            return None
        if not isinstance(found.value, ast.NameUse):
            if not isinstance(found.value, ast.ErrorExpression):
                self._tools.values().wrong(found.key, found.value)
            return None
        name, project = found.value.text, self._tools.project
        if name in project.endpoints:
            project.uses.mark("endpoint", name, found.value.span)
            return name
        if not project.unreadable(name):
            known = list(project.endpoints)
            close = report_unknown("endpoint", found.value, name, known, self._tools.sink)
            project.uses.mark("endpoint", close, found.value.span)
            return close or None
        return None


def _is_null(value: ast.Expr) -> bool:
    return isinstance(value, ast.WordLiteral) and value.value is None
