"""From a plan's webhook to functions of a scope: url, headers and body, compiled once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from fql.actions.port import RenderFailed
from fql.egress.settings import resolve_parts, text_parts
from fql.errors import SettingsError
from fql.expressions.compile import Late, compile_text, envelope_body
from fql.expressions.formats import compile_format, no_body
from fql.expressions.scope import Scope
from fql.plan.language.expressions import Constant, Text, TextPart
from fql.plan.language.types import STRING
from fql.plan.model import Endpoint, Header, Json, NodeConfig
from fql.plan.stored.codec import load_expression
from fql.plan.table import TypeTable
from fql.plan.web.headers import name_problem, value_problem
from fql.plan.web.templates import UrlTemplate, split_path, split_url
from fql.plan.web.urls import (
    UrlParts,
    UrlProblem,
    ValueRefused,
    check_rendered,
    encode_query_value,
    encode_segment,
    parse_literal_url,
)

Render = Callable[[Scope], str]
Environment = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class UrlRender:
    """A url ready for values. `base` is the whole of it where there is no `path`, as there are no
    holes."""

    base: UrlParts
    path: Render | None = None
    query: Render | None = None

    def __call__(self, scope: Scope) -> UrlParts:
        """The url for a scope. Raises RenderFailed for a value that must not be in it."""
        if self.path is None:
            return self.base
        try:
            path = self.path(scope)
            query = None if self.query is None else self.query(scope)
            check_rendered(path, query)
        except ValueRefused as refused:
            raise RenderFailed(f"url: {refused}") from refused
        base = self.base
        return UrlParts(base.scheme, base.host, base.port, path, query)


def url_render(
    config: NodeConfig, endpoint: Endpoint | None, environment: Environment, user: str
) -> UrlRender:
    """Compile `url`, or the endpoint's url with `path` appended. Raises SettingsError."""
    try:
        template = _template(config, endpoint, environment, user)
    except UrlProblem as problem:
        raise SettingsError(
            f"{user}: the url cannot be used: {problem}",
            hint="check the url and the ${NAME} values in it",
        ) from problem
    if template.base is None:
        raise SettingsError(f"{user}: the url has no host", hint="compile the plan again")
    base, path, query = template.base, template.path, template.query
    if all(isinstance(part, str) for part in (*path, *(query or ()))):
        whole = None if query is None else "".join(map(str, query))
        return UrlRender(replace(base, path="".join(map(str, path)) or "/", query=whole))
    compiled = None if query is None else _compile(query, encode_query_value)
    return UrlRender(base, _compile(path, encode_segment), compiled)


def _template(
    config: NodeConfig, endpoint: Endpoint | None, environment: Environment, user: str
) -> UrlTemplate:
    if endpoint is None:
        if config.url is None:
            raise SettingsError(f"{user}: there is neither url nor endpoint", hint="compile again")
        return split_url(_parts(config.url, environment, user))
    base = parse_literal_url("".join(map(str, _parts(endpoint.url, environment, user))))
    if base.query is not None:
        raise UrlProblem("malformed", "the url of an endpoint must not have a query")
    if config.path is None:
        return UrlTemplate(base, (base.path,))
    rest = split_path(_parts(config.path, environment, user))
    return UrlTemplate(base, (base.path.removesuffix("/"), *rest.path), rest.query)


def _parts(stored: Json, environment: Environment, user: str) -> tuple[TextPart, ...]:
    return resolve_parts(text_parts(load_expression(stored)), environment, user)


def _compile(parts: Sequence[TextPart], escape: Callable[[str], str]) -> Render:
    return compile_text(Text(type=STRING, parts=tuple(parts)), {}, escape)


@dataclass(frozen=True, slots=True)
class HeaderRender:
    """One header; its value is checked for each scope."""

    name: str
    value: Render

    def __call__(self, scope: Scope) -> tuple[str, str]:
        """Name and value. Raises RenderFailed."""
        value = self.value(scope)
        problem = value_problem(value)
        if problem:
            raise RenderFailed(f"header {self.name}: {problem}")
        return self.name, value


def header_renders(
    own: Sequence[Header], shared: Sequence[Header], environment: Environment, taken: Sequence[str]
) -> tuple[HeaderRender, ...]:
    """Compile an action's headers over those of its endpoint; `taken` names are those of auth and
    signature."""
    merged = {header.name.lower(): header for header in (*shared, *own)}
    for name in taken:
        merged.pop(name.lower(), None)
    found = ((header.name, load_expression(header.value)) for header in merged.values())
    # A header that is null hides one of the endpoint and is not sent itself.
    kept = [(n, v) for n, v in found if not (isinstance(v, Constant) and v.value is None)]
    for name, _ in kept:
        problem = name_problem(name)
        if problem:
            raise SettingsError(f"the header {name!r} cannot be sent: {problem}")
    return tuple(HeaderRender(name, compile_text(value, environment)) for name, value in kept)


def body_render(config: NodeConfig, types: TypeTable) -> Callable[[Scope], bytes]:
    """What writes the body in its format; without one it is the event's envelope."""
    if config.format == "none":
        return no_body
    if config.body is None:
        return envelope_body
    return Late(config.body, partial(compile_format, form=config.format, types=types))
