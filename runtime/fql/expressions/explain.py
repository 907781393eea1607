"""Why a condition holds or not: the value of each of its parts, for `fqlc explain --event`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from fql.errors import HIDDEN
from fql.expressions.scope import Scope
from fql.expressions.walker import evaluate
from fql.plan.language.expressions import Binary, Expr, Field, Unary
from fql.plan.show import change_of, show, written_operands


@dataclass(frozen=True, slots=True)
class Part:
    """A condition and its value. `value` is None where it was not evaluated, because the parts
    before it had decided. `operands` has the text and value of what a comparison compares, and the
    old and new value where a change is tested."""

    text: str
    value: bool | None
    parts: tuple[Part, ...] = ()
    operands: tuple[tuple[str, object], ...] = ()

    def as_json(self) -> dict[str, object]:
        """The shape that `explain --format json` promises: text, value, parts; and operands."""
        return {
            "text": self.text,
            "value": self.value,
            "parts": [part.as_json() for part in self.parts],
            "operands": [{"text": text, "value": value} for text, value in self.operands],
        }


def explain(e: Expr, scope: Scope, hidden: frozenset[str] = frozenset()) -> Part:
    """The condition, its value, and those of its parts down to the comparisons. Operands that read
    one of the `hidden` fields have no value."""
    part = _explained(e, scope)
    return _hiding(part, hidden) if hidden else part


def _hiding(part: Part, hidden: frozenset[str]) -> Part:
    """By the words of an operand: a name in a text hides too much rather than too little."""
    operands = tuple(
        (text, HIDDEN if hidden & set(_WORD.findall(text)) else value)
        for text, value in part.operands
    )
    inner = tuple(_hiding(one, hidden) for one in part.parts)
    return replace(part, operands=operands, parts=inner)


_WORD = re.compile(r"\w+")


def parts(e: Expr, scope: Scope) -> tuple[Part, ...]:
    """The sub-conditions of a condition; the condition itself if it is a single one."""
    whole = explain(e, scope)
    return whole.parts or (whole,)


def _explained(e: Expr, scope: Scope) -> Part:
    if isinstance(e, Binary) and e.op in ("and", "or") and change_of(e) is None:
        return _chain(e, scope)
    if isinstance(e, Unary) and e.op == "not":
        inner = _explained(e.of, scope)
        return Part(show(e), not inner.value, (inner,))
    return Part(show(e), bool(evaluate(e, scope)), (), _operands(e, scope))


def _chain(e: Binary, scope: Scope) -> Part:
    """Parts in order; those after the first that decides are not evaluated: what the earlier
    ones have ruled out, such as a null, must not be met."""
    decisive = e.op == "or"
    value = not decisive
    found: list[Part] = []
    for operand in written_operands(e):
        if value is decisive:
            found.append(Part(show(operand), None))
            continue
        part = _explained(operand, scope)
        value = bool(part.value)
        found.append(part)
    return Part(show(e), value, tuple(found))


def _operands(e: Expr, scope: Scope) -> tuple[tuple[str, object], ...]:
    if not isinstance(e, Binary) or e.op == "coalesce":
        return ()
    sides = (e.left, e.right)
    if change_of(e) is not None and isinstance(e.right, Binary) and isinstance(e.right.left, Field):
        sides = (replace(e.right.left, row="old"), replace(e.right.left, row="new"))
    return tuple((show(side), evaluate(side, scope)) for side in sides)
