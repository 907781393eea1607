"""Calls of methods and filters: operands and arguments by the table of functions."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fql.plan.language.expressions import Call, Constant, Expr
from fql.plan.language.functions import FUNCTIONS, HALF_UP, Function
from fql.plan.language.patterns import pattern_problem
from fql.plan.language.types import Type
from fql.plan.verifying.names import Known
from fql.plan.verifying.refusal import Refused, short

MOST_PLACES, LONGEST_CUT = 28, 1_000_000
"""Largest arguments of `round` and `truncate`."""

DATE_PATTERN = re.compile(r"(?:[^%]|%[YmdHMSj%])*")
"""What the filter `date` takes."""


def call_type(call: Call, of: Type, args: Sequence[Type], known: Known) -> Type:
    """The type of a call. Raises Refused."""
    named = [f for f in FUNCTIONS if f.name == call.name]
    taking = [f for f in named if _takes(f, of, known)]
    if not taking:
        raise Refused(f"`{of}` has no method {short(call.name)}")
    fitting = [f for f in taking if f.least <= len(args) <= len(f.parameters)]
    if not fitting:
        raise Refused(f"`{call.name}` does not take {len(args)} arguments")
    function = next((f for f in fitting if f.result.name == call.type.name), fitting[0])
    for argument, given, wanted in zip(call.args, args, function.parameters, strict=False):
        if given.name != wanted.name or given.item is not None:
            raise Refused(f"`{call.name}` takes a `{wanted}`, not a `{given}`")
        if function.literal:
            _literal(call.name, argument, wanted)
    return function.result


def _takes(function: Function, of: Type, known: Known) -> bool:
    """Filters take what has a text form of its own as text: enums and UUIDs."""
    wanted = function.operand
    if function.name == "json":
        return True
    if wanted.item is not None:
        return of.item is not None and (
            wanted.item.name == "Error" or _is_textual(of.item, function, known)
        )
    if wanted.name == "String":
        return _is_textual(of, function, known)
    return of.item is None and of.name == wanted.name


def _is_textual(of: Type, function: Function, known: Known) -> bool:
    if of.item is not None:
        return False
    own_text = of.name == "UUID" or of.name in known.enums
    return of.name == "String" or ("filter" in function.places and own_text)


def _literal(name: str, argument: Expr, wanted: Type) -> None:
    if not isinstance(argument, Constant):
        raise Refused(f"the argument of `{name}` is not a literal")
    value = argument.value
    if name in ("matches", "extract"):
        _pattern(str(value))
    elif name == "round" and wanted.name == "String":
        if value != HALF_UP:
            raise Refused(f"`round` does not know {short(value)}")
    elif name == "date" and not DATE_PATTERN.fullmatch(str(value)):
        raise Refused(f"`date` does not know {short(value)}")
    elif name in ("round", "truncate"):
        most = MOST_PLACES if name == "round" else LONGEST_CUT
        if not isinstance(value, int) or not 0 <= value <= most:
            raise Refused(f"the argument of `{name}` must be from 0 to {most}")


def _pattern(pattern: str) -> None:
    """What RE2 says about a pattern: it refuses those whose automaton would be large."""
    problem = pattern_problem(pattern)
    if problem:
        raise Refused(problem)
