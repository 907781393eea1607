"""FQL403: a body of another media type than the operation takes, or one body too many or few."""

from __future__ import annotations

from fqlc.checks.contract.judged import Bound, bound_actions, media_type, schema_for
from fqlc.checks.describe import quoted
from fqlc.checks.model import Program
from fqlc.contracts.model import Content
from fqlc.diagnostics.model import Label
from fqlc.diagnostics.sink import Sink
from fqlc.source.text import Span


def check(program: Program, sink: Sink) -> None:
    """Judge what each action that has a contract is sent as."""
    for bound in bound_actions(program):
        if bound.contract.operation.documented and bound.action.block.sound:
            _judge(bound, sink)


def _judge(bound: Bound, sink: Sink) -> None:
    operation = bound.contract.operation
    content = operation.body
    if content is None:
        if bound.sends and bound.action.body_span is not None:
            _report(bound, f"{operation.name} takes no body", ("remove the body",), sink)
    elif not bound.sends:
        if content.required:
            _report(bound, f"{operation.name} requires a body, and none is sent", (), sink)
    else:
        media = media_type(bound)
        if media and not schema_for(content, media)[0]:
            message = f"{operation.name} does not take `{media}`"
            _report(bound, message, _advice(content), sink)


def _advice(content: Content) -> tuple[str, ...]:
    taken = sorted(content.media)
    if not taken:
        return ()
    forms = {"application/x-www-form-urlencoded": "form", "text/plain": "text",
             "application/xml": "xml", "text/xml": "xml"}  # fmt: skip
    meant = next((forms[name] for name in taken if name in forms), None)
    more = (f"say what the body is: `format: {meant}`",) if meant else ()
    if all(name.startswith("multipart/") for name in taken):
        more = ("a webhook sends JSON, forms, text and XML: write a `call` for another body",)
    return (f"it takes {quoted(taken[:6])}", *more)


def _report(bound: Bound, message: str, help_: tuple[str, ...], sink: Sink) -> None:
    content = bound.contract.operation.body
    place = bound.contract.operation.place if content is None else content.place
    sink.error(
        "FQL403", message, _span(bound), label="not taken",
        labels=(place.label("the operation" if content is None else "what it takes"),)
        if place.file
        else (Label(bound.contract.at, "this contract"),),
        help=help_,
    )  # fmt: skip


def _span(bound: Bound) -> Span:
    """What says how the body is sent: its `format`, else the body."""
    entries = {entry.key.text: entry.value.span for entry in bound.action.block.entries}
    return entries.get("format") or bound.action.body_span or bound.action.block.header
