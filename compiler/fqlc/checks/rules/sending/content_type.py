"""FQL362: a `Content-Type` that does not fit the body, which is JSON."""

from __future__ import annotations

from fql.plan.language.expressions import Constant, Text
from fql.plan.web.headers import BODYLESS
from fqlc.checks.levels import Given
from fqlc.checks.model import ActionModel, ObserverModel, Program
from fqlc.checks.reading.settings import HeaderGiven
from fqlc.diagnostics.sink import Sink

_KEY = "headers.content-type"
_OTHER_FORMS = ("x-ndjson", "ndjson", "json-seq", "jsonl", "x-jsonl", "jsonlines", "x-jsonlines")
"""Media types that speak of JSON, but of several values, one after the other."""


def check(program: Program, sink: Sink) -> None:
    """Judge the header that each action is sent with, where it was written; each place once."""
    seen: set[Given] = set()
    for observer in program.observers:
        for action in observer.actions:
            given = _given(program, observer, action)
            if given is not None and given not in seen:
                seen.add(given)
                _judge(given, sink)


def _given(program: Program, observer: ObserverModel, action: ActionModel) -> Given | None:
    """The header of an action that sends JSON; a body that is encrypted as a whole is none."""
    policies = program.effective(observer, action)
    encrypted = "encryption.key" in policies and "encryption.fields" not in policies
    return None if encrypted or action.target.method in BODYLESS else policies.get(_KEY)


def _judge(given: Given, sink: Sink) -> None:
    written = _header_text(given.value)
    media_type = written.partition(";")[0].strip().lower()
    if given.span is None or not media_type or _is_json(media_type):
        return
    sink.error(
        "FQL362",
        f"the body is JSON, and `{media_type}` is not",
        given.span,
        label="does not fit the body",
        help=("leave it out: `application/json` is sent; `+json` types fit as well",),
    )


def _is_json(media_type: str) -> bool:
    subtype = media_type.partition("/")[2]
    return "json" in subtype and subtype not in _OTHER_FORMS


def _header_text(value: object) -> str:
    """What can be told of a header: the text before its first value."""
    value = value.value if isinstance(value, HeaderGiven) else None
    if isinstance(value, Constant) and isinstance(value.value, str):
        return value.value
    if isinstance(value, Text):
        first = value.parts[0] if value.parts else ""
        return first if isinstance(first, str) and ";" in first else ""
    return ""
