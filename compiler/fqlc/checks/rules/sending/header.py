"""FQL361: header names and values that cannot be sent, and a body that would not be."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fql.plan.language.expressions import Constant, Text
from fql.plan.web.headers import BODYLESS, name_problem, value_problem
from fql.plan.web.subjects import header_name_problem
from fqlc.checks.levels import Given
from fqlc.checks.model import Program
from fqlc.checks.reading.settings import HeaderGiven
from fqlc.diagnostics.sink import Sink

NameProblem = Callable[[str], str | None]
"""Why a header cannot have a name: requests and messages have their own rules."""


def check(program: Program, sink: Sink) -> None:
    """Check the headers of each level, and `method` against `body`."""
    messages = {id(a.settings) for o in program.observers for a in o.actions if a.kind == "publish"}
    for settings in program.levels():
        judged = header_name_problem if id(settings) in messages else name_problem
        for key, given in settings.items():
            if key.startswith("headers.") and isinstance(given.value, HeaderGiven):
                _header(given, given.value, judged, sink)
            elif key in NAMING:
                _named(given, sink)
    for observer in program.observers:
        for action in observer.actions:
            method = action.target.method
            if method in BODYLESS and action.body_span is not None:
                sink.error(
                    "FQL361", f"`{method}` is sent without a body", action.body_span,
                    label="would not be sent", help=("use `POST`, or remove the body",),
                )  # fmt: skip


NAMING = frozenset({"auth.header", "signing.header", "signing.timestamp_header"})
"""Settings whose value is the name of a header."""


def _named(given: Given, sink: Sink) -> None:
    name = given.value
    if given.span is None or not isinstance(name, Constant) or not isinstance(name.value, str):
        return
    problem = name_problem(name.value)
    if problem is not None:
        sink.error("FQL361", problem, given.span, label="not a header that can be set")


def _header(given: Given, header: HeaderGiven, judged: NameProblem, sink: Sink) -> None:
    if given.span is None:
        return
    problem = judged(header.name)
    if problem is not None:
        sink.error("FQL361", problem, given.span, label="not a header that can be set")
        return
    for text in _literals(header):
        problem = _inner_problem(text)
        if problem is not None:
            sink.error("FQL361", problem, given.span, label="cannot be sent")
            return


def _inner_problem(text: str) -> str | None:
    """Blanks at the ends of a stretch are fine: something may follow."""
    return value_problem(text.strip(" \t")) if text.strip(" \t") else None


def _literals(header: HeaderGiven) -> Iterator[str]:
    value = header.value
    if isinstance(value, Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, Text):
        yield from (part for part in value.parts if isinstance(part, str))
