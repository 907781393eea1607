"""What the check has said of each expression: where it was, what was expected, what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from fql.plan.language.expressions import Expr
from fql.plan.language.types import Type
from fqlc.syntax.tree import ast
from fqlc.types.scope import ExprScope

_SAYS_NOTHING = (ast.NumberLiteral, ast.WordLiteral, ast.DurationLiteral, ast.SizeLiteral)


@dataclass(frozen=True, slots=True)
class Heard:
    """One expression as it was checked. An expression that is checked again, as the operand that
    decides what its neighbour is, counts as it was checked last."""

    written: ast.Expr
    scope: ExprScope
    expected: Type | None
    value: Expr


class Trace:
    """All expressions of a check, by file and place, as `Listening` adds them."""

    def __init__(self) -> None:
        self._heard: dict[str, dict[tuple[int, int, type[ast.Tree]], Heard]] = {}

    def add(self, written: ast.Expr, scope: object, expected: Type | None, value: Expr) -> None:
        """Note an expression."""
        if isinstance(scope, ExprScope) and not isinstance(written, _SAYS_NOTHING):
            span = written.span
            row = self._heard.setdefault(span.path, {})
            row[span.start, span.end, type(written)] = Heard(written, scope, expected, value)

    def of(self, path: str) -> Iterable[Heard]:
        """What was heard in a file."""
        return self._heard.get(path, {}).values()

    def at(self, written: ast.Expr) -> Heard | None:
        """What was heard of an expression."""
        span = written.span
        return self._heard.get(span.path, {}).get((span.start, span.end, type(written)))

    def around(self, path: str, offset: int) -> Iterator[Heard]:
        """The expressions at an offset, the smallest first."""
        row = self._heard.get(path, {})
        near = (heard for (start, end, _), heard in row.items() if start <= offset <= end)
        yield from sorted(near, key=lambda h: h.written.span.end - h.written.span.start)


def go_on() -> None:
    """Nobody waits for a turn."""


class Listening:
    """Adds to a trace while a check runs. The project knows who listens, and the trace knows the
    project: this lets go of both at the end, so that a check leaves no ring behind, which only
    the garbage collector could take apart, and holds nothing of the check before it."""

    def __init__(self, trace: Trace, pause: Callable[[], None] = go_on) -> None:
        self._trace: Trace | None = trace
        self._pause = pause

    def __enter__(self) -> Listening:
        return self

    def __exit__(self, *_: object) -> None:
        self._trace, self._pause = None, go_on

    def __call__(
        self, written: ast.Expr, scope: object, expected: Type | None, value: Expr
    ) -> None:
        if self._trace is not None:
            self._pause()
            self._trace.add(written, scope, expected, value)
