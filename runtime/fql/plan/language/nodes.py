"""Expressions to JSON and back: one tagged object a node, `{"op": ..., "t": type, ...}`.

The round trip is exact for every node and value: what JSON cannot hold exactly is written as
text under the name of its kind, such as `{"decimal": "1.50"}`. Chains of `and` and `or` are
written flat, so that a long condition is not a deep document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from fql.plan.language import expressions as x
from fql.plan.language.types import Type, parse_type

Stored = dict[str, Any]

_SAFE_INT = 2**53  # beyond it, readers in other languages lose digits
_MICROSECOND = timedelta(microseconds=1)
_DIGITS = re.compile(r"-?[0-9]{1,20000}")


def dump_expression(e: x.Expr) -> Stored:
    """The stored form of an expression."""
    stored = _DUMP[type(e)](e)
    stored["t"] = e.type.text
    return stored


def load_expression(stored: Mapping[str, Any]) -> x.Expr:
    """An expression from its stored form. Raises ValueError for anything else."""
    try:
        return _load(stored)
    except (LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise ValueError(f"not a stored expression: {error!r:.200}") from error


# Constants -------------------------------------------------------------------


def _dump_value(value: object) -> object:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if abs(value) < _SAFE_INT else {"int": format(Decimal(value), "f")}
    if isinstance(value, tuple | list):
        return [_dump_value(item) for item in value]
    return _dump_scalar(value)


def _dump_scalar(value: object) -> Stored:
    if isinstance(value, float):
        return {"float": repr(value)}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, timedelta):
        return {"microseconds": value // _MICROSECOND}
    raise TypeError(f"{type(value).__name__} is not a constant of the language")


_VALUE: Mapping[str, Callable[[Any], object]] = {
    "int": lambda text: _long(_read_text(text)),
    "float": lambda text: float(_read_text(text)),
    "decimal": lambda text: Decimal(_read_text(text)),
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "microseconds": lambda count: _whole(count) * _MICROSECOND,
}


def _read_text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is wanted")
    return value


def _long(text: str) -> int:
    """A whole number of many digits; Python itself reads 4,300 at most."""
    if _DIGITS.fullmatch(text) is None:
        raise ValueError("not a whole number")
    return int(Decimal(text))


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("a whole number is expected")
    return value


def _load_value(stored: object) -> object:
    if isinstance(stored, list):
        return tuple(_load_value(item) for item in stored)
    if isinstance(stored, dict):
        ((kind, content),) = stored.items()
        return _VALUE[kind](content)
    return stored


# Text parts ------------------------------------------------------------------


def _dump_parts(parts: Sequence[x.TextPart]) -> list[object]:
    return [part if isinstance(part, str) else _dump_part(part) for part in parts]


def _dump_part(part: x.Hole | x.Environment | x.Choice | x.Loop) -> Stored:
    match part:
        case x.Hole():
            return {"hole": dump_expression(part.value)}
        case x.Environment():
            return {"environment": part.name}
        case x.Choice():
            branches = [[dump_expression(c), _dump_parts(p)] for c, p in part.branches]
            return {"choice": branches, "else": _dump_parts(part.otherwise)}
        case x.Loop():
            return {
                "loop": part.variable,
                "of": dump_expression(part.of),
                "body": _dump_parts(part.body),
                "else": _dump_parts(part.otherwise),
            }


def _load_parts(stored: Sequence[object]) -> tuple[x.TextPart, ...]:
    return tuple(part if isinstance(part, str) else _load_part(part) for part in stored)


def _load_part(stored: Any) -> x.TextPart:
    kind = next((kind for kind in _PART_KEYS if kind in stored), "")
    _require_keys(stored, _PART_KEYS[kind])
    if kind == "hole":
        return x.Hole(_load(stored["hole"]))
    if kind == "environment":
        return x.Environment(_read_text(stored["environment"]))
    if kind == "choice":
        branches = tuple((_load(c), _load_parts(p)) for c, p in stored["choice"])
        return x.Choice(branches, _load_parts(stored["else"]))
    body, otherwise = _load_parts(stored["body"]), _load_parts(stored["else"])
    return x.Loop(_read_text(stored["loop"]), _load(stored["of"]), body, otherwise)


_PART_KEYS: Mapping[str, frozenset[str]] = {
    "hole": frozenset({"hole"}),
    "environment": frozenset({"environment"}),
    "choice": frozenset({"choice", "else"}),
    "loop": frozenset({"loop", "of", "body", "else"}),
}
"""The keys of each kind of part."""


def _require_keys(stored: Any, wanted: frozenset[str]) -> None:
    """A key that is not known would be left undone. Raises ValueError, and TypeError where one is
    missing."""
    if stored.keys() == wanted:
        return
    if unknown := ", ".join(sorted(map(str, stored.keys() - wanted))):
        raise ValueError(f"not an expression of this version: it does not know {unknown!r:.80}")
    raise TypeError(f"it lacks {', '.join(sorted(wanted - stored.keys()))}")


# Nodes -----------------------------------------------------------------------


def _dump_binary(e: x.Binary) -> Stored:
    if e.op in ("and", "or"):
        return {"op": e.op, "args": [dump_expression(item) for item in x.operands(e)]}
    return {"op": e.op, "left": dump_expression(e.left), "right": dump_expression(e.right)}


def _dump_entry(entry: x.Entry) -> Stored:
    stored = {"key": entry.key, "value": dump_expression(entry.value)}
    return {**stored, "optional": True} if entry.optional else stored


_DUMP: Mapping[type, Callable[[Any], Stored]] = {
    x.Constant: lambda e: {"op": "constant", "value": _dump_value(e.value)},
    x.Field: lambda e: {"op": "field", "row": e.row, "name": e.name},
    x.Changed: lambda e: {"op": "changed", "name": e.name},
    x.Builtin: lambda e: {"op": "builtin", "name": e.name},
    x.Variable: lambda e: {"op": "variable", "name": e.name},
    x.Response: lambda e: {"op": "response", "action": e.action},
    x.Failure: lambda e: {"op": "failure", "action": e.action},
    x.Member: lambda e: {"op": "member", "of": dump_expression(e.of), "name": e.name},
    x.Index: lambda e: {"op": "index", "of": dump_expression(e.of), "key": dump_expression(e.key)},
    x.Unary: lambda e: {"op": e.op, "of": dump_expression(e.of)},
    x.Binary: _dump_binary,
    x.Call: lambda e: {
        "op": "call",
        "name": e.name,
        "of": dump_expression(e.of),
        "args": [dump_expression(a) for a in e.args],
    },
    x.Quantifier: lambda e: {
        "op": e.op,
        "of": dump_expression(e.of),
        "variable": e.variable,
        "body": dump_expression(e.body),
    },
    x.Choose: lambda e: {
        "op": "choose",
        "branches": [[dump_expression(c), dump_expression(v)] for c, v in e.branches],
        "else": dump_expression(e.otherwise),
    },
    x.ListOf: lambda e: {"op": "list", "items": [dump_expression(i) for i in e.items]},
    x.ObjectOf: lambda e: {"op": "object", "entries": [_dump_entry(i) for i in e.entries]},
    x.Each: lambda e: {"op": "each", "body": dump_expression(e.body)},
    x.Text: lambda e: {"op": "text", "parts": _dump_parts(e.parts)},
}


_ENTRY = frozenset({"key", "value"})
_SHAPES: Mapping[str, str] = {
    **dict.fromkeys(("and", "or"), "args"),
    **dict.fromkeys(x.BINARY_OPS[2:], "left right"),
    **dict.fromkeys(x.UNARY_OPS, "of"),
    **dict.fromkeys(x.LIST_OPS, "of variable body"),
    "constant": "value", "field": "row name", "changed": "name", "builtin": "name",
    "variable": "name", "response": "action", "failure": "action", "member": "of name",
    "index": "of key", "call": "name of args", "choose": "branches else", "list": "items",
    "object": "entries", "each": "body", "text": "parts",
}  # fmt: skip
_KEYS = {op: frozenset(("op", "t", *keys.split())) for op, keys in _SHAPES.items()}
"""The keys of each operator."""


def _load(s: Any) -> x.Expr:
    op, t = s["op"], parse_type(s["t"])
    _require_keys(s, _KEYS[op])
    if op in ("and", "or"):
        return _load_chain(op, s, t)
    if op in x.BINARY_OPS:
        return x.Binary(type=t, op=op, left=_load(s["left"]), right=_load(s["right"]))
    if op in x.UNARY_OPS:
        return x.Unary(type=t, op=op, of=_load(s["of"]))
    if op in x.LIST_OPS:
        body, variable = _load(s["body"]), _read_text(s["variable"])
        return x.Quantifier(type=t, op=op, of=_load(s["of"]), variable=variable, body=body)
    return _LOAD[op](s, t)


def _load_chain(op: str, s: Any, t: Type) -> x.Expr:
    operands = [_load(item) for item in s["args"]]
    if len(operands) < 2:
        raise TypeError(f"{op} has two operands or more")
    result = operands[0]
    for right in operands[1:]:
        result = x.Binary(type=t, op=op, left=result, right=right)
    return result


def _load_entry(stored: Any) -> x.Entry:
    optional = "optional" in stored
    _require_keys(stored, _ENTRY | {"optional"} if optional else _ENTRY)
    key = stored["key"]
    if optional and (stored["optional"] is not True or key is None):
        raise TypeError("`optional` is true, and of a key")
    return x.Entry(key if key is None else _read_text(key), _load(stored["value"]), optional)


def _load_choose(s: Any, t: Type) -> x.Choose:
    branches = tuple((_load(test), _load(value)) for test, value in s["branches"])
    if not branches:
        raise TypeError("a choice has a branch")
    return x.Choose(type=t, branches=branches, otherwise=_load(s["else"]))


def _row(name: object) -> x.RowName:
    if name not in ("row", "new", "old"):
        raise ValueError("there is no such row")
    return name


_LOAD: Mapping[str, Callable[[Any, Any], x.Expr]] = {
    "constant": lambda s, t: x.Constant(type=t, value=_load_value(s["value"])),
    "field": lambda s, t: x.Field(type=t, row=_row(s["row"]), name=_read_text(s["name"])),
    "changed": lambda s, t: x.Changed(type=t, name=_read_text(s["name"])),
    "builtin": lambda s, t: x.Builtin(type=t, name=_read_text(s["name"])),
    "variable": lambda s, t: x.Variable(type=t, name=_read_text(s["name"])),
    "response": lambda s, t: x.Response(type=t, action=_read_text(s["action"])),
    "failure": lambda s, t: x.Failure(type=t, action=_read_text(s["action"])),
    "member": lambda s, t: x.Member(type=t, of=_load(s["of"]), name=_read_text(s["name"])),
    "index": lambda s, t: x.Index(type=t, of=_load(s["of"]), key=_load(s["key"])),
    "call": lambda s, t: x.Call(
        type=t, name=_read_text(s["name"]), of=_load(s["of"]), args=tuple(map(_load, s["args"]))
    ),
    "choose": _load_choose,
    "list": lambda s, t: x.ListOf(type=t, items=tuple(map(_load, s["items"]))),
    "object": lambda s, t: x.ObjectOf(type=t, entries=tuple(map(_load_entry, s["entries"]))),
    "each": lambda s, t: x.Each(type=t, body=_load(s["body"])),
    "text": lambda s, t: x.Text(type=t, parts=_load_parts(s["parts"])),
}
