"""FQL361 and FQL332: urls and paths that are malformed, or lead where nothing may be sent."""

from __future__ import annotations

from fql.plan.language.expressions import Constant, Text, TextPart
from fql.plan.language.types import ERROR
from fql.plan.web.addresses import (
    EgressSettings,
    host_problem,
    is_this_host,
    port_problem,
)
from fql.plan.web.templates import UrlTemplate, split_path, split_url
from fql.plan.web.urls import UrlParts, UrlProblem
from fqlc.checks.levels import Given
from fqlc.checks.model import Program, Written
from fqlc.diagnostics.sink import Sink
from fqlc.source.text import Span


def check(program: Program, sink: Sink) -> None:
    """Check every url and path as the runtime will read it."""
    egress = program.surroundings.egress
    for endpoint in program.endpoints.values():
        if endpoint.url is not None:
            _endpoint_url(endpoint.url, egress, sink)
    for observer in program.observers:
        for action in observer.actions:
            target = action.target
            if target.url is not None:
                _url(target.url, egress, sink)
            if target.path is not None:
                _path(target.path, sink)
    for settings in program.levels():
        if "auth.token_url" in settings:
            _token_url(settings["auth.token_url"], egress, sink)


def _token_url(given: Given, egress: EgressSettings, sink: Sink) -> None:
    """Tokens leave by the same way as deliveries; credentials are sent there."""
    text = given.value
    parts = text.parts if isinstance(text, Text) else None
    if isinstance(text, Constant) and isinstance(text.value, str):
        parts = (text.value,)
    if parts is None or given.span is None:
        return
    try:
        template = split_url(parts)
    except UrlProblem as problem:
        _report(problem, given.span, sink)
        return
    if template.base is not None:
        _target(template.base, given.span, egress, sink)


def _parts(text: Written) -> tuple[TextPart, ...] | None:
    expr = text.expr
    if expr.type == ERROR:
        return None
    if isinstance(expr, Text):
        return expr.parts
    if isinstance(expr, Constant) and isinstance(expr.value, str):
        return (expr.value,)
    return None


def _url(text: Written, egress: EgressSettings, sink: Sink) -> UrlTemplate | None:
    parts = _parts(text)
    if parts is None:
        return None
    try:
        template = split_url(parts)
    except UrlProblem as problem:
        _report(problem, text.literal.span, sink)
        return None
    if template.base is not None:
        _target(template.base, text.literal.span, egress, sink)
    return template


def _endpoint_url(text: Written, egress: EgressSettings, sink: Sink) -> None:
    template = _url(text, egress, sink)
    if template is not None and template.query is not None:
        _malformed("the url of an endpoint must not have a query", text.literal.span, sink)


def _path(text: Written, sink: Sink) -> None:
    parts = _parts(text)
    if parts is None:
        return
    if not parts or not isinstance(parts[0], str) or not parts[0].startswith("/"):
        _malformed("a path starts with `/`", text.literal.span, sink)
        return
    try:
        split_path(parts)
    except UrlProblem as problem:
        _report(problem, text.literal.span, sink)


def _report(problem: UrlProblem, span: Span, sink: Sink) -> None:
    if problem.kind == "malformed":
        _malformed(str(problem), span, sink)
    else:
        sink.error("FQL332", str(problem), span, label="nothing may be sent there")


def _malformed(message: str, span: Span, sink: Sink) -> None:
    sink.error("FQL361", message, span, label="malformed")


def _target(base: UrlParts, span: Span, egress: EgressSettings, sink: Sink) -> None:
    problem = host_problem(base.host, egress) or port_problem(base.port, egress)
    if problem is not None:
        sink.error(
            "FQL332", problem, span, label="nothing may be sent there",
            help=("private networks are opened in `fql.toml`: `[egress] allow = [...]`",),
        )  # fmt: skip
    elif base.scheme == "http" and not is_this_host(base.host):
        sink.warning(
            "FQL332", f"requests to `{base.host}` are not encrypted: the url says `http`", span,
            label="not encrypted", help=("write `https`",),
        )  # fmt: skip
