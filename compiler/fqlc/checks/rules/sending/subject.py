"""FQL361 and FQL203: subjects that nothing can be published to, and a receiver called `nats`."""

from __future__ import annotations

from fql.plan.kinds import NATS
from fql.plan.language.expressions import Constant, Text, TextPart
from fql.plan.web.subjects import template_problem
from fqlc.checks.model import Program, Written
from fqlc.diagnostics.model import Label
from fqlc.diagnostics.sink import Sink


def check(program: Program, sink: Sink) -> None:
    """Judge each subject as the runtime will, as far as its text is known."""
    actions = [action for observer in program.observers for action in observer.actions]
    publishing = [action for action in actions if action.kind == "publish"]
    for action in publishing:
        if action.target.subject is not None:
            _subject(action.target.subject, sink)
    endpoint = program.endpoints.get(NATS)
    if endpoint is not None and publishing:
        sink.error(
            "FQL203",
            f"the endpoint `{NATS}` has the name under which all `publish` actions send",
            (endpoint.block.name or endpoint.block).span,
            label="taken",
            labels=(Label(publishing[0].block.header, "this action sends there"),),
            help=("give the endpoint another name",),
        )


def _subject(written: Written, sink: Sink) -> None:
    parts = _parts(written)
    problem = template_problem(parts) if parts is not None else None
    if problem is not None:
        sink.error(
            "FQL361", problem, written.literal.span, label="nothing can be published to it",
            help=("a subject is tokens with dots between them: `orders.{{ country }}.shipped`",),
        )  # fmt: skip


def _parts(written: Written) -> tuple[TextPart, ...] | None:
    expr = written.expr
    if isinstance(expr, Text):
        return expr.parts
    if isinstance(expr, Constant) and isinstance(expr.value, str):
        return (expr.value,)
    return None
