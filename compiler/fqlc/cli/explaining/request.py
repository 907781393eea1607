"""A request as it would be sent, with `${NAME}` left in place: no value of a secret is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fql.exact.reading import read_json
from fql.expressions.compile import compile_body, compile_text, envelope_body
from fql.expressions.formats import compile_format
from fql.expressions.scope import Scope
from fql.plan.kinds import CALL, PUBLISH, arguments_of, function_of, subject_of
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
    """What an action sends, by the names that a dead letter of its kind has for it. `place` says
    in words where it goes, `body` is what is sent there as JSON, or None."""

    place: str
    parts: Mapping[str, object]
    body: object

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return dict(self.parts)


def request_of(plan: Plan, node: PlanNode, scope: Scope) -> Request:
    """The request of an action, which can be built."""
    shown = {name.name: f"${{{name.name}}}" for name in plan.environment}
    if node.kind == PUBLISH:
        return _message(plan, node, shown, scope)
    if node.kind == CALL:
        return _call(plan, node, scope)
    method, url = node.config.method, _Url(plan, shown, scope).of(node)
    body = None if method in BODYLESS else _body(plan, node, scope)
    headers = _headers(plan, node, shown, scope)
    parts = {"method": method, "url": url, "headers": headers, "body": body}
    return Request(f"{method} {url}", parts, body)


def _message(plan: Plan, node: PlanNode, shown: Mapping[str, str], scope: Scope) -> Request:
    subject = compile_text(load_expression(subject_of(node.config) or {}), shown)(scope)
    body, headers = _body(plan, node, scope), _headers(plan, node, shown, scope)
    parts = {"kind": PUBLISH, "subject": subject, "headers": headers, "body": body}
    return Request(f"publish {subject}", parts, body)


def _call(plan: Plan, node: PlanNode, scope: Scope) -> Request:
    function, stored = function_of(node.config), arguments_of(node.config)
    arguments = {} if stored is None else _json(plan, stored, scope)
    parts = {"kind": CALL, "function": function, "arguments": arguments}
    return Request(f"call {function}", parts, arguments)


def _body(plan: Plan, node: PlanNode, scope: Scope) -> object:
    config = node.config
    if config.format == "none":
        return None
    if config.body is None:
        return read_json(envelope_body(scope))
    if config.format == "json":
        return _json(plan, config.body, scope)
    body = compile_format(load_expression(config.body), config.format, TypeTable.of(plan))
    return body(scope).decode()


def _json(plan: Plan, stored: Json, scope: Scope) -> object:
    return read_json(compile_body(load_expression(stored), TypeTable.of(plan))(scope))


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
