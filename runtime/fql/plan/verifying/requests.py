"""What actions send: methods, urls, headers, bodies, answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from fql.plan.language import expressions as x
from fql.plan.model import Endpoint, Header, NodeConfig
from fql.plan.verifying.expressions import Scope, loaded, type_of, verified, verified_once
from fql.plan.verifying.refusal import Refused, short, within
from fql.plan.web.formats import Format, form_problems, xml_problem
from fql.plan.web.headers import BODYLESS, METHODS, name_problem, value_problem
from fql.plan.web.templates import UrlTemplate, split_path, split_url
from fql.plan.web.urls import UrlProblem

NOBODY = ("when", "body")


def verify_endpoint(endpoint: Endpoint, scope: Scope) -> None:
    """A receiver: its url and headers depend on no event."""
    with within("url"):
        template = _url(endpoint.url, scope)
        if template.query is not None:
            raise Refused("the url of an endpoint must not have a query")
    verify_headers(endpoint.headers, scope)


def verify_request(config: NodeConfig, endpoints: Iterable[str], scope: Scope) -> None:
    """The request of a webhook. `scope` is that of the action's body."""
    if config.method not in METHODS:
        raise Refused(f"there is no method {short(config.method)}")
    if config.settings:
        raise Refused("a webhook has no `settings`")
    outside = scope if scope.batch == "none" else replace(scope, batch="outside")
    _verify_target(config, frozenset(endpoints), outside)
    verify_headers(config.headers, outside)
    if config.body is not None:
        _verify_body(config, replace(outside, environment=None))
    elif config.format not in ("json", "none"):
        raise Refused(f"a body of the format {config.format} is missing")
    if config.response is not None:
        with within("response"):
            scope.known.type_of(config.response)


def _verify_target(config: NodeConfig, endpoints: frozenset[str], scope: Scope) -> None:
    if (config.url is None) == (config.endpoint is None):
        raise Refused("it has a `url` or an `endpoint`, and not both")
    if config.url is not None:
        if config.path is not None:
            raise Refused("a `path` belongs to an `endpoint`")
        with within("url"):
            verified_once(config.url, scope, _url)
        return
    if config.endpoint not in endpoints:
        raise Refused(f"there is no endpoint {short(config.endpoint)}")
    if config.path is not None:
        with within("path"):
            _split(split_path, text_parts(config.path, scope))


def _url(stored: Mapping[str, object], scope: Scope) -> UrlTemplate:
    return _split(split_url, text_parts(stored, scope))


def _split(split: object, parts: tuple[x.TextPart, ...]) -> UrlTemplate:
    try:
        found = split(parts)  # type: ignore[operator]  # one of two functions of `urls`
    except UrlProblem as problem:
        raise Refused(str(problem)) from None
    if not isinstance(found, UrlTemplate):
        raise Refused("it is not a url")
    return found


def text_parts(stored: Mapping[str, object], scope: Scope) -> tuple[x.TextPart, ...]:
    """The parts of a text. Raises Refused for an expression that is not a text."""
    expression = verified(stored, scope)
    if isinstance(expression, x.Text):
        return expression.parts
    if isinstance(expression, x.Constant) and isinstance(expression.value, str):
        return (expression.value,)
    raise Refused("it is not a text")


def verify_headers(
    headers: Iterable[Header],
    scope: Scope,
    problem_of: Callable[[str], str | None] = name_problem,
) -> None:
    """Names and values of headers; a null takes one back. `problem_of` judges a name."""
    seen: set[str] = set()
    for header in headers:
        with within(f"header {short(header.name)}"):
            if (problem := problem_of(header.name)) is not None:
                raise Refused(problem)
            if header.name.lower() in seen:
                raise Refused("it is written twice")
            seen.add(header.name.lower())
            if not _is_removed(header):
                _verify_value(text_parts(header.value, scope))


def _is_removed(header: Header) -> bool:
    expression = loaded(header.value)
    return isinstance(expression, x.Constant) and expression.value is None


def _verify_value(parts: tuple[x.TextPart, ...]) -> None:
    for part in parts:
        if isinstance(part, str) and part.strip(" \t"):
            problem = value_problem(part.strip(" \t"))
            if problem is not None:
                raise Refused(problem)


def _verify_body(config: NodeConfig, scope: Scope) -> None:
    if config.method in BODYLESS:
        raise Refused(f"body: {config.method} is sent without a body")
    if config.format == "none":
        raise Refused("body: the format is `none`")
    verify_json_body(config.body or {}, scope)
    with within("body"):
        _verify_format(loaded(config.body or {}), config.format, scope)


def _verify_format(body: x.Expr, form: Format, scope: Scope) -> None:
    """What is not JSON is a flat object or a text."""
    known = scope.known
    if form == "form":
        problems = form_problems(body, known.rows.get, known.enums.__contains__)
        for _, problem in problems:
            raise Refused(problem)
    if form in ("text", "xml") and (body.type.name != "String" or body.type.item is not None):
        raise Refused(f"a body of the format {form} is a text, not a `{body.type}`")
    if form == "xml" and not isinstance(body, x.Text | x.Constant):
        raise Refused("a body of the format xml is a text that is written out")
    if form == "xml" and isinstance(body, x.Text):
        misplaced = xml_problem(body.parts)
        if misplaced:
            raise Refused(misplaced)


def verify_json_body(stored: Mapping[str, object], scope: Scope) -> None:
    """A body that is sent as JSON."""
    with within("body"):
        verified_once(stored, scope, _json_body)


def _json_body(stored: Mapping[str, object], scope: Scope) -> None:
    if type_of(loaded(stored), scope).name == "Duration":
        raise Refused("a duration has no JSON form")
