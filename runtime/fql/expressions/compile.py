"""Expressions as Python functions of a scope: conditions, values, texts and bodies.

What the checker accepted cannot raise here, whatever the row holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Generic, TypeVar

from fql.events.values import rfc3339
from fql.exact.writing import write_json
from fql.expressions.generate import Generator
from fql.expressions.scope import Scope
from fql.plan.language.expressions import Constant, Expr, Text
from fql.plan.language.nodes import load_expression
from fql.plan.table import TypeTable

if TYPE_CHECKING:
    from fql.plan.model import Json

Escape = Callable[[str], str]


T = TypeVar("T")


class Late(Generic[T]):
    """A function of a scope that is compiled at its first call: many of a plan are never called.
    `stored` is the expression as the plan has it."""

    __slots__ = ("_compile", "_made", "_stored")

    def __init__(self, stored: Json, compile_: Callable[[Expr], Callable[[Scope], T]]) -> None:
        self._stored = stored
        self._compile = compile_
        self._made: Callable[[Scope], T] | None = None

    def __call__(self, scope: Scope) -> T:
        """The value for a scope."""
        if self._made is None:
            self._made = self._compile(load_expression(self._stored))
        return self._made(scope)


def compile_value(e: Expr) -> Callable[[Scope], object]:
    """The value of an expression, as in `fql.events.values`."""
    generator = Generator()
    return generator.build(generator.function(lambda: generator.value(e)))


def compile_condition(e: Expr) -> Callable[[Scope], bool]:
    """The value of a condition."""
    return compile_value(e)  # type: ignore[return-value]  # the checker made it Boolean


def compile_text(
    e: Expr, environment: Mapping[str, str], escape: Escape | None = None
) -> Callable[[Scope], str]:
    """The text of a header, url or path. `environment` gives the values of `${NAME}`, taken as
    they are; `escape` is applied to the text of each hole. Raises MissingSecrets."""
    if isinstance(e, Constant) and isinstance(e.value, str):
        return _always(e.value)
    generator = Generator(environment, escape)
    if isinstance(e, Text):
        return generator.build(generator.function(lambda: generator.text(e.parts)))
    return generator.build(generator.function(lambda: generator.hole(e)))


def _always(text: str) -> Callable[[Scope], str]:
    return lambda _scope: text


def compile_body(e: Expr, types: TypeTable) -> Callable[[Scope], bytes]:
    """The JSON bytes of a body. Values say by their class how they are written, so `types` is
    needed only by bodies of other forms than JSON."""
    del types
    generator = Generator()
    generator.namespace["write"] = write_json
    return generator.build(generator.function(lambda: f"write({generator.value(e)})"))


def envelope_body(scope: Scope) -> bytes:
    """The body of an action that gives none: the event's envelope, or for a batch the list of
    the envelopes of its members."""
    if scope.members:
        return write_json([_envelope(member) for member in scope.members])
    return write_json(_envelope(scope))


def _envelope(scope: Scope) -> dict[str, object]:
    envelope: dict[str, object] = {"entity": scope.entity, "event": scope.event}
    if scope.new is not None:
        envelope["new"] = scope.new
    if scope.old is not None:
        envelope["old"] = scope.old
    envelope["id"] = scope.id
    if scope.timestamp is not None:
        envelope["timestamp"] = rfc3339(scope.timestamp)
    return envelope
