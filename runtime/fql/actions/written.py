"""A request as it is written down for people: `${NAME}` left in place, so that no value of a secret
is read. `fqlc explain` and the page show these."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fql.exact.reading import read_json
from fql.expressions.compile import compile_body, compile_text, envelope_body
from fql.expressions.formats import compile_format
from fql.expressions.scope import Scope
from fql.plan.kinds import CALL, PUBLISH, arguments_of, function_of, subject_of
from fql.plan.language.expressions import Constant, Expr, Text, TextPart
from fql.plan.language.nodes import load_expression
from fql.plan.language.types import STRING
from fql.plan.model import Endpoint, Header, Json, Plan, PlanNode
from fql.plan.table import TypeTable
from fql.plan.web.headers import BODYLESS
from fql.plan.web.templates import UrlTemplate, split_path, split_url
from fql.plan.web.urls import encode_query_value, encode_segment

Load = Callable[[Json], Expr]


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


def request_of(plan: Plan, node: PlanNode, scope: Scope, load: Load = load_expression) -> Request:
    """The request of an action, which can be built. `load` makes expressions of stored ones:
    whoever shows less than is sent changes them there."""
    shown = {name.name: f"${{{name.name}}}" for name in plan.environment}
    endpoint = next((e for e in plan.endpoints if e.name == node.config.endpoint), None)
    return _Writer(TypeTable.of(plan), endpoint, shown, scope, load).request(node)


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes for one event; `shown` gives the text of each `${NAME}`."""

    types: TypeTable
    endpoint: Endpoint | None
    shown: Mapping[str, str]
    scope: Scope
    load: Load

    def request(self, node: PlanNode) -> Request:
        if node.kind == PUBLISH:
            return self._message(node)
        if node.kind == CALL:
            return self._call(node)
        method, url = node.config.method, self._url(node)
        body = None if method in BODYLESS else self._body(node)
        parts = {"method": method, "url": url, "headers": self._headers(node), "body": body}
        return Request(f"{method} {url}", parts, body)

    def _message(self, node: PlanNode) -> Request:
        subject = compile_text(self.load(subject_of(node.config) or {}), self.shown)(self.scope)
        body, headers = self._body(node), self._headers(node)
        parts = {"kind": PUBLISH, "subject": subject, "headers": headers, "body": body}
        return Request(f"publish {subject}", parts, body)

    def _call(self, node: PlanNode) -> Request:
        function, stored = function_of(node.config), arguments_of(node.config)
        arguments = {} if stored is None else self._json(stored)
        parts = {"kind": CALL, "function": function, "arguments": arguments}
        return Request(f"call {function}", parts, arguments)

    def _body(self, node: PlanNode) -> object:
        config = node.config
        if config.format == "none":
            return None
        if config.body is None:
            return read_json(envelope_body(self.scope))
        if config.format == "json":
            return self._json(config.body)
        return compile_format(self.load(config.body), config.format, self.types)(
            self.scope
        ).decode()

    def _json(self, stored: Json) -> object:
        return read_json(compile_body(self.load(stored), self.types)(self.scope))

    def _headers(self, node: PlanNode) -> dict[str, str]:
        found: dict[str, Header] = {}
        for header in (*(self.endpoint.headers if self.endpoint else ()), *node.config.headers):
            found[header.name.lower()] = header
        expressions = {header.name: self.load(header.value) for header in found.values()}
        return {
            name: compile_text(expr, self.shown)(self.scope)
            for name, expr in expressions.items()
            if not (isinstance(expr, Constant) and expr.value is None)
        }

    def _url(self, node: PlanNode) -> str:
        """The whole url of an action. Raises UrlProblem and ValueRefused."""
        path = node.config.path
        if self.endpoint is None:
            return self._whole(node.config.url)
        rest = "" if path is None else self._joined(split_path(self._parts(path)))
        return self._whole(self.endpoint.url).removesuffix("/") + rest

    def _whole(self, stored: Json | None) -> str:
        if stored is None:
            return ""
        template = split_url(self._parts(stored))
        base = template.base
        return (f"{base.scheme}://{base.authority}" if base else "") + self._joined(template)

    def _joined(self, template: UrlTemplate) -> str:
        text = self._filled_text(template.path, encode_segment)
        if template.query is None:
            return text
        return f"{text}?{self._filled_text(template.query, encode_query_value)}"

    def _filled_text(self, parts: Sequence[TextPart], escape: Callable[[str], str]) -> str:
        return compile_text(Text(type=STRING, parts=tuple(parts)), self.shown, escape)(self.scope)

    def _parts(self, stored: Json) -> tuple[TextPart, ...]:
        expr = self.load(stored)
        if isinstance(expr, Text):
            return expr.parts
        return (str(expr.value),) if isinstance(expr, Constant) else ()
