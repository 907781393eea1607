"""The check of the rows of one entity, generated once: source text in which each field that is fit
as it came costs one comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fql.events.decoding import INT_BOUND, MISSING, Problems, decoder
from fql.plan.language.types import parse_type
from fql.plan.model import EntityField
from fql.plan.table import TypeTable

RowCheck = Callable[[Mapping[str, object], str, Problems], dict[str, object]]

_FITS: Mapping[str, str] = {
    "String": "{v}.__class__ is str and {v}.isascii()",
    "ID": "{v}.__class__ is str and {v}.isascii()",
    "Int": "{v}.__class__ is int and -BOUND < {v} < BOUND",
    "Boolean": "{v} is True or {v} is False",
    "Float": "{v}.__class__ is float and -INFINITY < {v} < INFINITY",
}
"""Conditions under which a value is fit as it is; otherwise its decoder decides."""


def row_check(fields: Sequence[EntityField], table: TypeTable) -> RowCheck:
    """Generate the check of a row: it returns all declared fields and adds problems."""
    namespace: dict[str, Any] = {
        "__builtins__": {"str": str, "int": int, "float": float},
        "BOUND": INT_BOUND,
        "INFINITY": float("inf"),
        "MISSING": MISSING,
    }
    lines = ["def check(raw, path, problems):", "    get = raw.get"]
    for number, field in enumerate(fields):
        lines += _field_lines(number, field, table, namespace)
    pairs = ", ".join(f"k{number}: v{number}" for number in range(len(fields)))
    lines.append(f"    return {{{pairs}}}")
    exec(compile("\n".join(lines), "<row check>", "exec"), namespace)  # noqa: S102 - own source
    built: RowCheck = namespace["check"]
    return built


def _field_lines(
    number: int, field: EntityField, table: TypeTable, namespace: dict[str, Any]
) -> list[str]:
    type_ = parse_type(field.type)
    value = f"v{number}"
    namespace[f"k{number}"] = field.name
    namespace[f"p{number}"] = f".{field.name}"
    namespace[f"d{number}"] = decoder(type_, table)
    lines = [f"    {value} = get(k{number}, MISSING)"]
    fits = _FITS.get(type_.name)
    decode = f"{value} = d{number}({value}, path + p{number}, problems)"
    if fits is None:
        return [*lines, f"    {decode}"]
    null = f"{value} is None or " if type_.nullable else ""
    return [*lines, f"    if not ({null}{fits.format(v=value)}):", f"        {decode}"]
