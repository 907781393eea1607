"""What an exception is to those beside it: a fault of one item, as data.

After a fault its item is given up and everything else goes on. A fault tells the type of the
exception and where it was raised, and never its message, which may quote a row, an answer or a
secret; but for a PlainError, whose words quote nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
OURS = "fql."
"""Modules whose lines are named; what libraries do is told by the line of ours that called."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`text` is such as `KeyError at fql.actions.rendering:82`."""

    text: str


class PlainError(Exception):
    """What is wrong with one item, in words that may be told to anybody."""


def guarded(work: Callable[[*Ts], T], *arguments: *Ts) -> T | Fault:
    """What the work gives, or its fault."""
    try:
        return work(*arguments)
    except Exception as problem:  # noqa: BLE001 - a bulkhead: decision 0046
        return fault_of(problem)


def fault_of(problem: BaseException) -> Fault:
    """An exception as a fault."""
    if isinstance(problem, PlainError):
        return Fault(str(problem))
    place = _where_raised(problem.__traceback__)
    name = type(problem).__name__
    return Fault(f"{name} at {place}" if place else name)


def _where_raised(trace: TracebackType | None) -> str:
    """The innermost line of ours that the exception has passed."""
    place = ""
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        if module.startswith(OURS):
            place = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
