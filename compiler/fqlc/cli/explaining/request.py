"""A request as it would be sent, with `${NAME}` left in place: no value of a secret is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from fql.exact.reading import read_json
from fql.expressions.compile import compile_body, compile_text, envelope_body
from fql.expressions.scope import Scope
from fql.plan.language.expressions import Constant, Text, TextPart
from fql.plan.language.nodes import load_expression
from fql.plan.language.types import STRING
from fql.plan.model import Header, Json, Plan, PlanNode
from fql.plan.table import TypeTable
from fql.plan.web.headers import BODYLESS
from fql.plan.web.templates import UrlTemplate, split_path, split_url
from fql.plan.web.urls import encode_query_value, encode_segment


@dataclass(frozen=True, slots=True)
class Request:
    """Method, url, headers of the plan, and body as JSON."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: object

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return asdict(self)


def request_of(plan: Plan, node: PlanNode, scope: Scope) -> Request:
    """The request of an action, which can be built."""
    shown = {name.name: f"${{{name.name}}}" for name in plan.environment}
    return Request(
        method=node.config.method,
        url=_Url(plan, shown, scope).of(node),
        headers=_headers(plan, node, shown, scope),
        body=None if node.config.method in BODYLESS else _body(plan, node, scope),
    )


def _body(plan: Plan, node: PlanNode, scope: Scope) -> object:
    if node.config.body is None:
        return read_json(envelope_body(scope))
    body = compile_body(load_expression(node.config.body), TypeTable.of(plan))
    return read_json(body(scope))


class _Url:
    """Urls for one event; `shown` gives the text of each `${NAME}`."""

    def __init__(self, plan: Plan, shown: Mapping[str, str], scope: Scope) -> None:
        self._endpoints = {endpoint.name: endpoint for endpoint in plan.endpoints}
        self._shown = shown
        self._scope = scope

    def of(self, node: PlanNode) -> str:
        """The whole url of an action. Raises UrlProblem and ValueRefused."""
        endpoint = self._endpoints.get(node.config.endpoint or "")
        if endpoint is None:
            return self._whole(node.config.url)
        path = (
            "" if node.config.path is None else self._joined(split_path(_parts(node.config.path)))
        )
        return self._whole(endpoint.url).removesuffix("/") + path

    def _whole(self, stored: Json | None) -> str:
        if stored is None:
            return ""
        template = split_url(_parts(stored))
        base = template.base
        return (f"{base.scheme}://{base.authority}" if base else "") + self._joined(template)

    def _joined(self, template: UrlTemplate) -> str:
        text = self._filled_text(template.path, encode_segment)
        if template.query is None:
            return text
        return f"{text}?{self._filled_text(template.query, encode_query_value)}"

    def _filled_text(self, parts: Sequence[TextPart], escape: Callable[[str], str]) -> str:
        return compile_text(Text(type=STRING, parts=tuple(parts)), self._shown, escape)(self._scope)


def _parts(stored: Json) -> tuple[TextPart, ...]:
    expr = load_expression(stored)
    if isinstance(expr, Text):
        return expr.parts
    return (str(expr.value),) if isinstance(expr, Constant) else ()


def _headers(plan: Plan, node: PlanNode, shown: Mapping[str, str], scope: Scope) -> dict[str, str]:
    endpoint = next((e for e in plan.endpoints if e.name == node.config.endpoint), None)
    found: dict[str, Header] = {}
    for header in (*(endpoint.headers if endpoint else ()), *node.config.headers):
        found[header.name.lower()] = header
    expressions = {h.name: load_expression(h.value) for h in found.values()}
    return {
        name: compile_text(expr, shown)(scope)
        for name, expr in expressions.items()
        if not (isinstance(expr, Constant) and expr.value is None)
    }
