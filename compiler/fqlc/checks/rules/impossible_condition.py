"""FQL231 and FQL232: a condition that can never be true, or always is."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fql.plan.language.expressions import Constant, Expr
from fqlc.checks.model import ObserverModel, Program
from fqlc.diagnostics.sink import Sink
from fqlc.source.text import Span
from fqlc.types.scope import ExprScope
from fqlc.types.truth.conjunctions import Test
from fqlc.types.truth.domains import Finding, always_true, context_of, unsatisfiable


def check(program: Program, sink: Sink) -> None:
    """Judge the `when` of each observer, then those of its actions where that one holds."""
    judge = _Judge(sink, _places(found.span for found in sink.found))
    for observer in program.observers:
        if observer.when is None or not judge.never_holds(observer.when, observer.scope):
            _actions(observer, judge)


def _actions(observer: ObserverModel, judge: _Judge) -> None:
    context = context_of(observer.when, observer.scope)
    for action in observer.actions:
        if action.when is not None:
            judge.never_holds(action.when, action.scope, context)


@dataclass(frozen=True, slots=True)
class _Judge:
    """Reports decided conditions. `faults` is where something was reported before."""

    sink: Sink
    faults: Mapping[str, list[int]]

    def never_holds(self, condition: Expr, scope: ExprScope, context: Sequence[Test] = ()) -> bool:
        """Report what is wrong with a condition; True when it can never hold."""
        if isinstance(condition, Constant) and condition.value is True:
            return False
        never = unsatisfiable(condition, scope, context)
        if never is not None:
            _never(never, _span_of_finding(never, condition), self.sink)
            return True
        always = always_true(condition, scope, context)
        if always is not None and self._sound(condition, scope.path):
            _always(always, _span_of_finding(always, condition), self.sink)
        return False

    def _sound(self, condition: Expr, path: str) -> bool:
        """False where a part was reported: `x != null || x > 5` holds for every x only as long
        as nobody asks what the second half is for null."""
        start, end = condition.at or (0, 0)
        starts = self.faults.get(path, [])
        return bisect_left(starts, start) == bisect_left(starts, end)


def _places(spans: Iterable[Span]) -> Mapping[str, list[int]]:
    """Where the stretches begin, by file and in order."""
    found: dict[str, list[int]] = {}
    for span in spans:
        found.setdefault(span.path, []).append(span.start)
    return {path: sorted(starts) for path, starts in found.items()}


def _span_of_finding(finding: Finding, condition: Expr) -> Span:
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
