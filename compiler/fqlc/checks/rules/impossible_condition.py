"""FQL231 and FQL232: a condition that can never be true, or always is."""

from __future__ import annotations

from collections.abc import Iterator

from fql.plan.expressions import Constant, Expr
from fqlc.checks.model import Program
from fqlc.diagnostics.sink import Sink
from fqlc.source.text import Span
from fqlc.types.domains import Finding, always_true, unsatisfiable
from fqlc.types.scope import ExprScope


def check(program: Program, sink: Sink) -> None:
    """Judge the `when` of observers, then those of actions together with the observer's."""
    for condition, scope, span in _conditions(program):
        if isinstance(condition, Constant) and condition.value is True:
            continue
        never = unsatisfiable(condition, scope)
        if never is not None:
            _never(never, span, sink)
            continue
        always = always_true(condition, scope)
        if always is not None:
            _always(always, span, sink)


def _conditions(program: Program) -> Iterator[tuple[Expr, ExprScope, Span]]:
    for observer in program.observers:
        if observer.when is not None:
            yield (
                observer.when,
                observer.scope,
                _span(observer.block.entries, observer.block.header),
            )
        for action in observer.actions:
            if action.when is not None:
                yield action.when, action.scope, _span(action.block.entries, action.block.header)


def _span(entries: tuple[object, ...], default: Span) -> Span:
    for entry in entries:
        key, value = getattr(entry, "key", None), getattr(entry, "value", None)
        if getattr(key, "text", "") == "when" and value is not None:
            span = value.span
            return span if isinstance(span, Span) else default
    return default


def _never(finding: Finding, span: Span, sink: Sink) -> None:
    sink.error(
        "FQL231", "this condition can never be true", span, label=finding.reason,
        labels=finding.labels, help=("nothing would ever be sent; correct or remove it",),
    )  # fmt: skip


def _always(finding: Finding, span: Span, sink: Sink) -> None:
    sink.warning(
        "FQL232", "this condition is always true", span, label=finding.reason,
        labels=finding.labels, help=("remove it, or write `true`",),
    )  # fmt: skip
