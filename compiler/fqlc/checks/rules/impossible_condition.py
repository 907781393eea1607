"""FQL231 and FQL232: a condition that can never be true, or always is."""

from __future__ import annotations

from fql.plan.expressions import Constant, Expr
from fqlc.checks.model import ObserverModel, Program
from fqlc.diagnostics.sink import Sink
from fqlc.source.text import Span
from fqlc.types.domains import Finding, always_true, unsatisfiable
from fqlc.types.scope import ExprScope


def check(program: Program, sink: Sink) -> None:
    """Judge the `when` of each observer, then those of its actions where that one holds."""
    for observer in program.observers:
        if observer.when is None or not _judge(observer.when, observer.scope, (), sink):
            _actions(observer, sink)


def _actions(observer: ObserverModel, sink: Sink) -> None:
    given = () if observer.when is None else (observer.when,)
    for action in observer.actions:
        if action.when is not None:
            _judge(action.when, action.scope, given, sink)


def _judge(condition: Expr, scope: ExprScope, given: tuple[Expr, ...], sink: Sink) -> bool:
    """Report what is wrong with a condition; True when it can never hold."""
    if isinstance(condition, Constant) and condition.value is True:
        return False
    never = unsatisfiable(condition, scope, given)
    if never is not None:
        _never(never, _place(never, condition), sink)
        return True
    always = always_true(condition, scope, given)
    if always is not None:
        _always(always, _place(always, condition), sink)
    return False


def _place(finding: Finding, condition: Expr) -> Span:
    """The tests that decide, or the whole condition where the observer's belongs to them."""
    if condition.at is None or finding.span.start >= condition.at[0]:
        return finding.span
    return Span(finding.span.path, *condition.at)


def _never(finding: Finding, span: Span, sink: Sink) -> None:
    sink.error(
        "FQL231",
        finding.message,
        span,
        label="no event gets past this",
        labels=finding.labels,
        help=("nothing would ever be sent; correct or remove it",),
    )


def _always(finding: Finding, span: Span, sink: Sink) -> None:
    sink.warning(
        "FQL232",
        finding.message,
        span,
        label="every event gets past this",
        labels=finding.labels,
        help=("remove it, or write `true`",),
    )
