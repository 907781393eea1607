"""Values of `test` blocks: literals as plain data, and whether they fit the type of a field."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from fql.plan.language.types import Type
from fqlc.names.project import Project
from fqlc.names.symbols import ANSWER, EntityInfo
from fqlc.syntax.tree import ast

_DATETIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


class NotLiteral(Exception):
    """A value that is not written out; `at` is the part that is not."""

    def __init__(self, at: ast.Expr) -> None:
        super().__init__("not a literal")
        self.at = at


def plain(expr: ast.Expr) -> object:
    """A literal as JSON would hold it; numbers with a point as Decimal, bare names as text.
    Raises NotLiteral."""
    if isinstance(expr, ast.Parenthesised):
        return plain(expr.inner)
    if isinstance(expr, ast.ListLiteral):
        return [plain(item) for item in expr.items]
    if isinstance(expr, ast.ObjectLiteral):
        return {_key(entry): plain(entry.value) for entry in expr.entries}
    return _scalar(expr)


def _scalar(expr: ast.Expr) -> object:
    if isinstance(expr, ast.StringLiteral | ast.WordLiteral | ast.NumberLiteral):
        return expr.value
    if isinstance(expr, ast.NameUse):
        return expr.text
    if isinstance(expr, ast.UnaryOf) and isinstance(expr.of, ast.NumberLiteral):
        return -expr.of.value
    raise NotLiteral(expr)


def _key(entry: ast.ObjectEntry) -> str:
    if entry.key is None or entry.short:
        raise NotLiteral(entry.value)
    return entry.key.text


def misfit(value: object, of: Type, project: Project) -> str | None:
    """Why a value does not fit a type, in words, or None where it does."""
    if value is None:
        return None if of.nullable or of.name == "JSON" else f"`{of}` is not null"
    if of.item is not None:
        return _list(value, of.item, project)
    if of.name in project.enum_infos:
        enum = project.enum_infos[of.name]
        fits_enum = isinstance(value, str) and (enum.broken or value in enum.members)
        return None if fits_enum else f"`{_shown(value)}` is not a member of `{of.name}`"
    row = project.row(of.name)
    if row is not None:
        return _object(value, row, of, project)
    fits = _FITS.get(of.name)
    return None if fits is None or fits(value) else f"`{_shown(value)}` is not `{of.required()}`"


def _list(value: object, item: Type, project: Project) -> str | None:
    if not isinstance(value, list):
        return f"`{_shown(value)}` is not a list"
    return next((why for v in value if (why := misfit(v, item, project))), None)


def _object(value: object, row: EntityInfo, of: Type, project: Project) -> str | None:
    if not isinstance(value, dict):
        return f"`{_shown(value)}` is not an object of `{of.required()}`"
    for name, field in row.fields.items():
        if name not in value and not field.type.nullable:
            return f"`{name}` of `{of.required()}` is missing"
        given = value.get(name)
        why = misfit(given, field.type, project)
        if why:
            return why if row.kind != ANSWER else f"`{name}`: {why}"
        if field.members is not None and isinstance(given, str) and given not in field.members:
            return f"`{name}` is never `{given}`"
    return None


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _whole(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool) and value == int(value)


def _parses(parse: Callable[[str], object]) -> Callable[[object], bool]:
    def fits(value: object) -> bool:
        if not isinstance(value, str):
            return False
        try:
            parse(value)
        except (ValueError, ArithmeticError):
            return False
        return True

    return fits


_FITS: Mapping[str, Callable[[object], bool]] = {
    "ID": lambda v: isinstance(v, str | int) and not isinstance(v, bool),
    "String": lambda v: isinstance(v, str),
    "Int": _whole,
    "Float": _is_number,
    "Decimal": lambda v: _is_number(v) or _parses(Decimal)(v),
    "Boolean": lambda v: isinstance(v, bool),
    "UUID": _parses(UUID),
    "Date": _parses(date.fromisoformat),
    "DateTime": lambda v: (
        isinstance(v, str)
        and _DATETIME.fullmatch(v) is not None
        and _parses(datetime.fromisoformat)(v)
    ),
}
