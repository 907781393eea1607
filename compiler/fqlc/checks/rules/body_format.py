"""FQL205, 206 and 371: a body that its format cannot hold, one too few, or one too many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fql.plan.language import expressions as e
from fql.plan.language.types import STRING, Type
from fql.plan.web.formats import form_problems, xml_problem
from fqlc.checks.model import ActionModel, ObserverModel, Program
from fqlc.diagnostics.sink import Sink
from fqlc.names.project import Project
from fqlc.source.text import Span
from fqlc.types.report import poisoned


def check(program: Program, sink: Sink) -> None:
    """Judge each webhook that says what its body is."""
    for observer in program.observers:
        for action in observer.actions:
            if action.target.format != "json":
                _judge(program, observer, action, sink)


def _judge(program: Program, observer: ObserverModel, action: ActionModel, sink: Sink) -> None:
    form, body, span = action.target.format, action.body, action.body_span
    if form == "none":
        if span is not None:
            sink.error(
                "FQL206", "the format is `none`, so nothing is sent", span,
                label="would not be sent", help=("remove the body, or the format",),
            )  # fmt: skip
    elif body is None or span is None:
        if action.block.sound:
            sink.error(
                "FQL205", f"the format `{form}` needs a body", action.block.header,
                label="`body` is missing", help=("without a body the event is sent as JSON",),
            )  # fmt: skip
    elif not poisoned(body):
        for place, problem in _problems(action, body, span, program.project):
            sink.error("FQL206", problem, place, label=f"does not fit `format: {form}`")
    fields = program.effective(observer, action).get("encryption.fields")
    if fields is not None and fields.span is not None:
        sink.error(
            "FQL371", f"`{form}` has no fields that could be encrypted", fields.span,
            label="needs a body of JSON", help=("leave out `fields`: the whole body is encrypted",),
        )  # fmt: skip


def _problems(
    action: ActionModel, body: e.Expr, span: Span, project: Project
) -> Iterator[tuple[Span, str]]:
    if action.target.format == "form":
        rows, path = project.rows, action.scope.path

        def fields(name: str) -> Mapping[str, Type] | None:
            row = rows.get(name)
            return None if row is None else {f.name: f.type for f in row.fields.values()}

        for node, problem in form_problems(body, fields, project.enum_infos.__contains__):
            if not poisoned(node):
                yield (span if node.at is None else Span(path, *node.at)), problem
    elif body.type != STRING:
        yield span, f"the body is a text, not `{body.type}`"
    elif action.target.format == "xml":
        misplaced = _xml_problem(body)
        if misplaced:
            yield span, misplaced


def _xml_problem(body: e.Expr) -> str | None:
    if isinstance(body, e.Text):
        return xml_problem(body.parts)
    if isinstance(body, e.Constant):
        return xml_problem((str(body.value),))
    return "XML is written out as a text in quotes, which may choose with `{% if ... %}`"
