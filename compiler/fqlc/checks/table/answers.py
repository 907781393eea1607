"""What fits where in the answers and expectations of a `test`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fqlc.checks.describe import quoted
from fqlc.syntax.tree import ast

FAILURES = ("dns", "connect", "tls", "timeout", "reset")
"""How a receiver can fail to answer."""


def answer_misfit(key: str, value: object, written: ast.Expr) -> str | None:
    """Why a value does not fit a key of an answer, in words; None where it does. `value` is the
    literal as data, `written` as it is in the source."""
    check = _ANSWER.get(key)
    return check(value, written) if check else None


def attempts_misfit(value: object) -> str | None:
    """Why a value is not a number of attempts."""
    fits = type(value) is int and value >= 0
    return None if fits else "a number of attempts must be a whole number, 0 or more"


def _status(value: object, _: ast.Expr) -> str | None:
    fits = type(value) is int and 100 <= value <= 599
    return None if fits else "an HTTP `status` must be a number from 100 to 599"


def _delay(_: object, written: ast.Expr) -> str | None:
    fits = isinstance(written, ast.DurationLiteral)
    return None if fits else "a `delay` must be a duration such as `5s`"


def _headers(value: object, _: ast.Expr) -> str | None:
    fits = isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
    return None if fits else "`headers` must be an object of texts"


def _failure(value: object, written: ast.Expr) -> str | None:
    fits = isinstance(written, ast.NameUse) and value in FAILURES
    return None if fits else f"a `failure` is {quoted(FAILURES)}"


_ANSWER: Mapping[str, Callable[[object, ast.Expr], str | None]] = {
    "status": _status,
    "delay": _delay,
    "headers": _headers,
    "failure": _failure,
}
