"""What the url of a webhook says for the parameters of its operation: the values of the path and
of the query, by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import unquote

from fql.plan.language.expressions import Constant, Expr, Hole, Text, TextPart
from fql.plan.language.types import ERROR, STRING
from fqlc.checks.model import Written
from fqlc.contracts.lookup import segments_of
from fqlc.contracts.model import Binding

_PARAMETER = re.compile(r"\{([^{}]*)\}")
_Parts = list[TextPart]


def with_values(binding: Binding, path: Written | None) -> Binding:
    """The binding with what the path of the webhook says."""
    parts = None if path is None else _text_parts(path.expr)
    if parts is None:
        return binding
    before, after = _cut(parts, "?")
    template = segments_of(binding.operation.path)
    written = list(_split(before, "/"))[1:]
    named = zip(reversed(template), reversed(written), strict=False)
    values = {
        found[1]: _as_one_value(part)
        for step, part in named
        if (found := _PARAMETER.fullmatch(step)) is not None
    }
    return replace(binding, path=values, query=dict(_query(after)))


def _text_parts(expr: Expr) -> Sequence[TextPart] | None:
    if isinstance(expr, Text) and expr.type != ERROR:
        return expr.parts
    return (expr.value,) if isinstance(expr, Constant) and isinstance(expr.value, str) else None


def _query(parts: _Parts) -> Iterator[tuple[str, Expr]]:
    for one in _split(parts, "&"):
        name, value = _cut(one, "=")
        if name and all(isinstance(part, str) for part in name):
            yield unquote("".join(map(str, name))), _as_one_value(value)


def _as_one_value(parts: _Parts) -> Expr:
    """Parts of a text as one value: that of a hole which is all of them, else a text."""
    if len(parts) == 1 and isinstance(parts[0], Hole):
        return parts[0].value
    if all(isinstance(part, str) for part in parts):
        return Constant(type=STRING, value=unquote("".join(map(str, parts))))
    return Text(type=STRING, parts=tuple(parts))


def _split(parts: Sequence[TextPart], sign: str) -> Iterator[_Parts]:
    """The stretches between the signs in literal parts."""
    found: _Parts = []
    for part in parts:
        if not isinstance(part, str):
            found.append(part)
            continue
        first, *others = part.split(sign)
        found += [first] if first else []
        for other in others:
            yield found
            found = [other] if other else []
    yield found


def _cut(parts: Sequence[TextPart], sign: str) -> tuple[_Parts, _Parts]:
    """What is before and after the first sign in a literal part; all of it without one."""
    for number, part in enumerate(parts):
        if isinstance(part, str) and sign in part:
            left, _, right = part.partition(sign)
            before, after = [*parts[:number], left], [right, *parts[number + 1 :]]
            return [p for p in before if p != ""], [p for p in after if p != ""]
    return list(parts), []
