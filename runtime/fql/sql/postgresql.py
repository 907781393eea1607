"""The dialect of PostgreSQL (14 or later).

Booleans, `numeric`, `timestamptz`, `date` and `uuid` are the database's own; whole numbers are
computed with as `numeric`, which does not overflow; a duration is a `numeric` of microseconds;
documents are `jsonb`, made by `to_jsonb` from `jsonb`, `json` and array columns alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from fql.plan.language import expressions as x
from fql.plan.show import show
from fql.sql.dialect import (
    ARITHMETIC,
    BLANKS,
    COMPARISONS,
    DAY,
    LETTERS,
    MICROSECOND,
    SAME_METHODS,
    Dialect,
    Json,
    divisor,
    literal_pattern,
    plain_number,
    rest,
)
from fql.sql.patterns import PatternRefusedError, read_pattern
from fql.sql.regex import postgresql_regex
from fql.sql.text import NotInSqlError, quoted_text

_DIGITS = 28  # of a quotient, as `fql.expressions.numbers` has them
_PLACES = 300  # enough to tell a half from what is near it, for numbers as `SHORT` says

SHORT = "numbers that are divided have at most 60 digits"
FINITE = "no Float overflows or underflows, which PostgreSQL treats as an error"

_TRIMMED = quoted_text(BLANKS)
_COLUMN_CASTS: Mapping[str, str] = {"ID": "text", "Enum": "text", "UUID": "uuid"}
_JSON_CASTS: Mapping[str, str] = {
    "UUID": "uuid", "Int": "numeric", "Decimal": "numeric", "Float": "double precision",
    "Boolean": "boolean", "DateTime": "timestamptz", "Date": "date",
}  # fmt: skip

_METHODS: Mapping[str, Callable[..., str]] = {
    **SAME_METHODS,
    "trim": lambda of: f"btrim({of}, {_TRIMMED})",
    "contains": lambda of, part: f"(position({part} in {of}) > 0)",
    "starts_with": lambda of, part: f"starts_with({of}, {part})",
    "ends_with": lambda of, part: f"(right({of}, length({part})) = {part})",
    "to_decimal": lambda of: f"CAST({of} AS numeric)",
    "to_float": lambda of: f"CAST({of} AS double precision)",
}


class PostgreSQL(Dialect):
    """Writes for PostgreSQL."""

    nowhere = "CAST(NULL AS jsonb)"

    # What is stored ------------------------------------------------------------------

    def read_column(self, column: str, kind: str) -> str:
        cast = _COLUMN_CASTS.get(kind)
        return f"CAST({column} AS {cast})" if cast else column

    def read_json(self, place: Json, kind: str) -> str:
        text, cast = _json_as_text(place), _JSON_CASTS.get(kind)
        return f"CAST({text} AS {cast})" if cast else text

    def read_loose(self, place: Json, method: str) -> str:
        value, text = _jsonb(place), _json_as_text(place)
        kind = f"CASE jsonb_typeof({value}) WHEN"
        match method:
            case "as_string":
                return f"{kind} 'string' THEN {text} END"
            case "as_boolean":
                return f"{kind} 'boolean' THEN CAST({text} AS boolean) END"
            case "as_int":
                number = f"CAST({text} AS numeric)"
                whole = f"CASE WHEN {number} % 1 = 0 THEN trunc({number}) END"
                return f"{kind} 'number' THEN {whole} END"
            case "as_decimal":
                return f"{kind} 'number' THEN CAST({text} AS numeric) END"
        self.note(FINITE)
        return f"{kind} 'number' THEN CAST({text} AS double precision) END"

    # Documents -------------------------------------------------------------------------

    def column_document(self, column: str) -> str:
        return f"to_jsonb({column})"

    def literal_document(self, text: str) -> str:
        return f"CAST({quoted_text(text)} AS jsonb)"

    def document(self, place: Json) -> str:
        return f"NULLIF({_jsonb(place)}, 'null')"

    def step(self, place: Json, key: x.Expr, sql: str) -> Json:
        value = _jsonb(place)
        if key.type.name == "String":
            return Json(f"({value} -> {sql})")
        found = _item(value, "$[$place]", f"jsonb_build_object('place', {sql})")
        return Json(f"CASE WHEN {sql} BETWEEN 0 AND 2147483647 THEN {found} END")

    def size(self, place: Json) -> str:
        return f"jsonb_array_length({self.document(place)})"

    def items(self, place: Json, alias: str) -> str:
        table = f"jsonb_array_elements({self.document(place)}) WITH ORDINALITY"
        return f"{table} AS {alias}(value, place)"

    def item(self, place: Json, alias: str) -> Json:
        del place
        return Json(f"{alias}.value")

    numbering = "place"

    def same_documents(self, left: Json, right: Json) -> str:
        return f"({self.document(left)} {self.same} {self.document(right)})"

    # Literals ----------------------------------------------------------------------------

    def literal(self, value: object, kind: str) -> str:  # noqa: PLR0911 - a line a type
        match value:
            case bool():
                return self.true if value else self.false
            case str():
                text = quoted_text(value)
                return f"CAST({text} AS uuid)" if kind == "UUID" else text
            case float():
                return f"DOUBLE PRECISION '{value!r}'"
            case int() if kind == "Decimal":
                return plain_number(Decimal(f"{value}.0"))
            case int() | Decimal():
                return plain_number(value)
            case datetime():
                return f"TIMESTAMPTZ '{value.isoformat()}'"
            case date():
                return f"DATE '{value.isoformat()}'"
            case timedelta():
                return plain_number(Decimal(f"{value // MICROSECOND}.0"))
        raise NotInSqlError(f"a literal of {kind} cannot be written in SQL")

    # Operators ---------------------------------------------------------------------------

    def counted(self, sql: str, kind: str) -> str:
        if kind == "Date":
            return f"({sql} - DATE '1970-01-01')"
        return f"(EXTRACT(EPOCH FROM {sql}) * 1000000)"

    def whole_days(self, span: str) -> str:
        return f"div({span}, {DAY})"

    def ordered(self, e: x.Binary, left: str, right: str) -> str:
        code_points = ' COLLATE "C"' if e.left.type.name == "String" else ""
        return f"({left} {COMPARISONS[e.op]} {right}{code_points})"

    def computed(self, e: x.Binary, left: str, right: str) -> str:
        match e.type.name:
            case "String":
                return f"({left} || {right})"
            case "Float":
                return self._of_floats(e, left, right)
        left = _wide(e.left, left)
        if e.op == "div":
            self.note(SHORT)
            return _quotient(left, divisor(e.right, right))
        if e.op == "mod":
            return rest(left, divisor(e.right, right))
        return f"({left} {ARITHMETIC[e.op]} {right})"

    def _of_floats(self, e: x.Binary, left: str, right: str) -> str:
        self.note(FINITE)
        left, right = _as_float(e.left, left), _as_float(e.right, right)
        if e.op == "mod":
            raise NotInSqlError(f"`{show(e)}`: `%` of Floats has no translation to SQL")
        if e.op == "div":
            return f"({left} / {divisor(e.right, right)})"
        return f"({left} {ARITHMETIC[e.op]} {right})"

    def span(self, number: str) -> str:
        longest = timedelta.min // MICROSECOND, timedelta.max // MICROSECOND
        return self.clamped(number, *longest)

    def negative(self, e: x.Unary, of: str) -> str:
        return f"(- {_wide(e.of, of) if e.type.name == 'Int' else of})"

    def floored(self, number: str, unit: int) -> str:
        return f"floor(({number}) / {unit})"

    def aggregated(self, e: x.Quantifier, value: str) -> str:
        if e.op != "sum":
            code_points = ' COLLATE "C"' if e.type.name == "String" else ""
            return f"{e.op}({value}{code_points})"
        if e.type.name == "Float":
            raise NotInSqlError(f"`{show(e)}`: PostgreSQL may add Floats in another order")
        return f"coalesce(sum(CAST({value} AS numeric)), 0)"

    def called(self, e: x.Call, of: str, arguments: list[str]) -> str:
        if e.name == "matches":
            return f"({of} ~ {quoted_text(_regex(e))})"
        if e.name in ("round", "floor", "ceil", "abs"):
            return _rounded(e, of)
        if e.name not in _METHODS:
            raise NotInSqlError(f"`{e.name}()` has no translation to SQL")
        if e.name == "to_decimal" and e.of.type.name == "Float":
            raise NotInSqlError(f"`{show(e)}`: PostgreSQL does not give the exact value of a Float")
        self._note_on(e.name)
        return _METHODS[e.name](of, *arguments)

    def _note_on(self, method: str) -> None:
        if method in ("lower", "upper"):
            self.note(LETTERS)
        if method == "to_float":
            self.note(FINITE)


def _rounded(e: x.Call, of: str) -> str:
    """PostgreSQL rounds halves away from zero: where the digit before is even, one unit less."""
    if e.name == "abs":
        return f"abs({of if e.type.name == 'Float' else _wide(e.of, of)})"
    if e.of.type.name == "Float":
        raise NotInSqlError(f"`{show(e)}`: PostgreSQL does not give the exact value of a Float")
    number = _wide(e.of, of)
    if e.name != "round":
        return f"{e.name}({number})"
    places = e.args[0].value if e.args and isinstance(e.args[0], x.Constant) else 0
    if len(e.args) > 1:
        return f"round({number}, {places})"
    unit = f"1e-{places}"
    half = f"abs(v - trunc(v, {places})) * 2 = {unit} AND trunc(v, {places}) / {unit} % 2 = 0"
    even = f"CASE WHEN {half} THEN trunc(v, {places}) ELSE round(v, {places}) END"
    return f"(SELECT {even} FROM (SELECT {number} AS v) AS given)"  # noqa: S608 - never run here


def _wide(e: x.Expr, sql: str) -> str:
    """A number as `numeric`, which does not overflow; what was computed is one already."""
    made = isinstance(e, x.Binary) and e.op in ("add", "sub", "mul", "mod")
    return sql if made else f"CAST({sql} AS numeric)"


def _quotient(left: str, right: str) -> str:
    """A quotient of 28 digits, rounded half to even: from one of very many digits `q`, with `u` the
    unit of its last digit to be. PostgreSQL rounds halves away from zero: then one unit less, where
    that is the even one."""
    text = "substr(CAST(abs(q) AS text), 3)"
    above = "length(CAST(trunc(abs(q)) AS text)) - 1"
    below = f"length(ltrim({text}, '0')) - length({text}) - 1"
    places = f"{_DIGITS - 1} - CASE WHEN abs(q) >= 1 THEN {above} ELSE {below} END"
    long = f"SELECT round({left}, {_PLACES}) / {right} AS q"
    placed = f"SELECT q, {places} AS places FROM ({long}) AS long"  # noqa: S608
    unit = "CAST('1e' || (-places) AS numeric)"
    rounded = f"SELECT q, round(q, places) AS r, {unit} AS u FROM ({placed}) AS placed"  # noqa: S608
    even = "CASE WHEN abs(q - r) * 2 = u AND r / u % 2 <> 0 THEN r - sign(q) * u ELSE r END"
    return f"(SELECT {even} FROM ({rounded}) AS rounded)"  # noqa: S608 - shown, never run here


def _as_float(e: x.Expr, sql: str) -> str:
    return sql if e.type.name == "Float" else f"CAST({sql} AS double precision)"


def _jsonb(place: Json) -> str:
    """The value at a place."""
    value = place.root
    for step in place.steps:
        value = _item(value, f"$[{step}]") if isinstance(step, int) else _member(value, step)
    return value


def _json_as_text(place: Json) -> str:
    """The value at a place as text, which for JSON's null is null."""
    last = place.steps[-1] if place.steps else None
    if isinstance(last, str):
        return _member(_jsonb(Json(place.root, place.steps[:-1])), last, "->>")
    return f"({_jsonb(place)} #>> '{{}}')"


def _member(value: str, key: str, arrow: str = "->") -> str:
    return f"({value} {arrow} {quoted_text(key)})"


def _item(value: str, path: str, names: str = "'{}'") -> str:
    """An item of an array. The operator `->` would take a text or number for an array of one."""
    return f"jsonb_path_query_first({value}, 'strict {path}', {names}, TRUE)"


def _regex(e: x.Call) -> str:
    try:
        return postgresql_regex(read_pattern(literal_pattern(e)))
    except PatternRefusedError as refused:
        raise NotInSqlError(
            f"`{show(e)}`: {refused} may mean something else to PostgreSQL"
        ) from None
