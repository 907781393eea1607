"""FQL362: a `Content-Type` that does not fit the format of the body."""

from __future__ import annotations

from collections.abc import Mapping

from fql.plan.web.formats import MEDIA_TYPES, Format, fits
from fql.plan.web.headers import BODYLESS
from fqlc.checks.levels import Given
from fqlc.checks.media import CONTENT_TYPE, media_type_of
from fqlc.checks.model import ActionModel, ObserverModel, Program
from fqlc.diagnostics.sink import Sink

_CALLED: Mapping[Format, str] = {
    "json": "JSON", "form": "a form", "text": "text", "xml": "XML",
}  # fmt: skip


def check(program: Program, sink: Sink) -> None:
    """Judge the header that each action is sent with, where it was written; each place once."""
    seen: set[tuple[Given, Format]] = set()
    for observer in program.observers:
        for action in observer.actions:
            given, form = _given(program, observer, action), action.target.format
            if given is not None and (given, form) not in seen:
                seen.add((given, form))
                _judge(given, form, sink)


def _given(program: Program, observer: ObserverModel, action: ActionModel) -> Given | None:
    """The header of an action; a body that is encrypted as a whole is none of ours."""
    policies = program.effective(observer, action)
    encrypted = "encryption.key" in policies and "encryption.fields" not in policies
    return None if encrypted or action.target.method in BODYLESS else policies.get(CONTENT_TYPE)


def _judge(given: Given, form: Format, sink: Sink) -> None:
    media_type = media_type_of(given)
    if given.span is None or not media_type or fits(form, media_type):
        return
    if form == "none":
        message, help_ = "nothing is sent that could have a `Content-Type`", "leave it out"
    else:
        message = f"the body is {_CALLED[form]}, and `{media_type}` is not"
        help_ = f"leave it out: `{MEDIA_TYPES[form]}` is sent"
    meant = next((f for f in ("form", "xml", "json", "text") if fits(f, media_type)), None)
    more = (f"or say what the body is: `format: {meant}`",) if meant and form != "none" else ()
    sink.error(
        "FQL362", message, given.span, label="does not fit the body", help=(help_, *more),
    )  # fmt: skip
