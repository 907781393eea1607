"""Well-typed expressions and rows for Hypothesis: what the checker could let through.

`conditions(depth)` and `values(type, depth)` make expressions over the entity `Thing` of `PLAN`;
`events()` makes checked events of it, by way of the real intake. With `sql=True` only what has a
translation to SQL is made.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from fql.events.intake import Intake
from fql.events.model import Event
from fql.plan import expressions as x
from fql.plan import types as t
from fql.plan.model import FORMAT, DeclaredType, Entity, EntityField, Enum, Plan

COLOUR = t.Type("Colour")
MEMBERS = ("red", "green", "blue")

FIELDS: dict[str, str] = {
    "id": "ID",
    "s": "String", "s_null": "String?",
    "i": "Int", "i_null": "Int?",
    "d": "Decimal", "d_null": "Decimal?",
    "f": "Float", "f_null": "Float?",
    "b": "Boolean", "b_null": "Boolean?",
    "u": "UUID",
    "t": "DateTime", "t_null": "DateTime?",
    "day": "Date", "day_null": "Date?",
    "e": "Colour", "e_null": "Colour?",
    "tags": "[String]",
    "numbers": "[Int]",
    "items": "[Item]",
    "j": "JSON",
    "j_null": "JSON?",
}  # fmt: skip

PLAN = Plan(
    format=FORMAT,
    compiler="0",
    digest="",
    enums=(Enum(name="Colour", members=MEMBERS),),
    types=(
        DeclaredType(
            name="Item",
            fields=(
                EntityField(name="sku", type="String"),
                EntityField(name="count", type="Int"),
                EntityField(name="note", type="String?"),
            ),
        ),
    ),
    entities=(
        Entity(
            name="Thing", fields=tuple(EntityField(name=n, type=ty) for n, ty in FIELDS.items())
        ),
    ),
)

SCALARS = (t.STRING, t.INT, t.DECIMAL, t.FLOAT, t.BOOLEAN, t.UUID, t.DATETIME, t.DATE, COLOUR)
SQL_SCALARS = (t.STRING, t.INT, t.BOOLEAN, t.UUID, COLOUR)
ORDERED = (t.STRING, t.INT, t.DECIMAL, t.FLOAT, t.DATETIME, t.DATE)
Expr = SearchStrategy[Any]

# Values ----------------------------------------------------------------------

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6)
plain_texts = st.text("aAbB %_'\"\\xyz", max_size=5)
small_ints = st.integers(-5, 5)
wide_ints = small_ints | st.integers() | st.sampled_from([2**63, -(2**64), 10**200])
decimals = st.decimals(
    allow_nan=False, allow_infinity=False, places=2, max_value=1e6, min_value=-1e6
)
exact_decimals = decimals | st.sampled_from(
    [Decimal(0), Decimal("-0.00"), Decimal("1E+3"), Decimal("1.10"), Decimal("1E-900")]
)
floats = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, -0.0, 1.7e308])
moments = st.datetimes(timezones=st.just(UTC))
durations = st.timedeltas(timedelta(days=-800_000), timedelta(days=800_000))
json_values: Expr = st.recursive(
    st.none() | st.booleans() | small_ints | st.sampled_from([1.5, 1.0, True, "a", ""]) | texts,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=4,
)

CONSTANTS: dict[str, Expr] = {
    "String": texts,
    "Int": wide_ints,
    "Decimal": exact_decimals,
    "Float": floats,
    "Boolean": st.booleans(),
    "UUID": st.uuids().map(str),
    "ID": texts,
    "DateTime": moments,
    "Date": st.dates(),
    "Duration": durations,
    "Colour": st.sampled_from(MEMBERS),
}

SQL_CONSTANTS: dict[str, Expr] = {"String": plain_texts, "Int": small_ints}

items = st.fixed_dictionaries({"sku": texts, "count": small_ints, "note": st.none() | texts})


@cache
def _raw(type_: t.Type, *, sql: bool) -> Expr:
    if type_.nullable:
        return st.none() | _raw(type_.required(), sql=sql)
    if type_.item is not None:
        return st.lists(_raw(type_.item, sql=sql), max_size=3)
    if type_.name == "Item":
        return items
    if type_.name == "JSON":
        return json_values.filter(lambda value: value is not None)
    if type_.name == "ID":
        return texts | small_ints
    return _pool(type_, sql=sql)


def _pool(type_: t.Type, *, sql: bool) -> Expr:
    return (SQL_CONSTANTS if sql and type_.name in SQL_CONSTANTS else CONSTANTS)[type_.name]


@cache
def rows(*, sql: bool = False) -> SearchStrategy[dict[str, Any]]:
    """Rows as they arrive."""
    return st.fixed_dictionaries(
        {name: _raw(t.parse_type(ty), sql=sql) for name, ty in FIELDS.items()}
    )


INTAKE = Intake(PLAN)


def checked(kind: str, new: object, old: object) -> Event:
    """The event as the intake makes it."""
    return INTAKE.check(
        {"entity": "Thing", "event": kind, "new": new, "old": old, "id": "event"},
        source="test",
        position="1",
        new_id=lambda: "other",
        now=datetime(2026, 3, 2, tzinfo=UTC),
    )


@st.composite
def events(draw: st.DrawFn, *, kinds: tuple[str, ...] = ("update",), sql: bool = False) -> Event:
    """Checked events; in an update some fields keep their value."""
    kind = draw(st.sampled_from(kinds))
    new, old = draw(rows(sql=sql)), draw(rows(sql=sql))
    for name in draw(st.sets(st.sampled_from(sorted(FIELDS)), max_size=8)):
        old[name] = new[name]
    return checked(kind, None if kind == "delete" else new, None if kind == "insert" else old)


# Expressions -----------------------------------------------------------------


@cache
def constant(type_: t.Type, *, sql: bool = False) -> Expr:
    """A literal of the type."""
    return _pool(type_, sql=sql).map(lambda value: x.Constant(type=type_, value=value))


@cache
def field(type_: t.Type) -> Expr:
    """A field of exactly this type, of any row (an update has all)."""
    names = [n for n, ty in FIELDS.items() if t.parse_type(ty) == type_]
    return st.builds(
        lambda row, name: x.Field(type=type_, row=row, name=name),
        st.sampled_from(["row", "new", "old"]),
        st.sampled_from(names),
    )


def binary(op: str | Expr, left: Expr, right: Expr, type_: t.Type) -> Expr:
    """An operator between two expressions."""
    ops = st.just(op) if isinstance(op, str) else op
    return st.builds(lambda o, a, b: x.Binary(type=type_, op=o, left=a, right=b), ops, left, right)


def call(name: str, of: Expr, *args: Expr, type_: t.Type) -> Expr:
    """A method call."""
    return st.builds(
        lambda o, a: x.Call(type=type_, name=name, of=o, args=tuple(a)), of, st.tuples(*args)
    )


@cache
def values(type_: t.Type, depth: int = 2, *, sql: bool = False) -> Expr:
    """Expressions of a type that is not nullable."""
    basic = constant(type_, sql=sql)
    if type_ != t.DURATION:
        basic = basic | field(type_)
    if depth <= 0:
        return basic
    made = st.deferred(lambda: st.one_of(*_composed(type_, depth - 1, sql=sql)))
    return basic | made


def _composed(type_: t.Type, depth: int, *, sql: bool) -> list[Expr]:
    def of(other: t.Type) -> Expr:
        return values(other, depth, sql=sql)

    found = (
        [binary("coalesce", nullables(type_, depth, sql=sql), of(type_), type_)]
        if type_ != t.DURATION
        else []
    )
    arithmetic = st.sampled_from(["add", "sub", "mul"])
    match type_.name:
        case "String":
            found += _texts(of, depth)
        case "Int":
            found += [
                binary(arithmetic, of(t.INT), of(t.INT), t.INT),
                call("length", of(t.STRING), type_=t.INT),
                of(t.INT).map(lambda e: x.Unary(type=t.INT, op="neg", of=e)),
            ]
        case "Decimal":
            found += [
                binary(arithmetic, of(t.DECIMAL), of(t.DECIMAL) | of(t.INT), t.DECIMAL),
                binary(arithmetic, of(t.INT), of(t.DECIMAL), t.DECIMAL),
                of(t.DECIMAL).map(lambda e: x.Unary(type=t.DECIMAL, op="neg", of=e)),
                call("to_decimal", of(t.FLOAT), type_=t.DECIMAL),
            ]
        case "Float":
            found += [
                binary(arithmetic, of(t.FLOAT), of(t.FLOAT) | of(t.INT), t.FLOAT),
                call("to_float", of(t.DECIMAL), type_=t.FLOAT),
                call("to_float", of(t.INT), type_=t.FLOAT),
            ]
        case "DateTime":
            found.append(binary(_SHIFTS, of(t.DATETIME), of(t.DURATION), t.DATETIME))
        case "Date":
            found.append(binary(_SHIFTS, of(t.DATE), of(t.DURATION), t.DATE))
        case "Duration":
            found += [
                binary("sub", of(t.DATETIME), of(t.DATETIME), t.DURATION),
                binary("sub", of(t.DATE), of(t.DATE), t.DURATION),
                binary(_SHIFTS, of(t.DURATION), of(t.DURATION), t.DURATION),
                binary("mul", of(t.DURATION), of(t.INT), t.DURATION),
            ]
        case "Boolean":
            found.append(conditions(depth, sql=sql))
    return found


_SHIFTS = st.sampled_from(["add", "sub"])


def _texts(of: Any, depth: int) -> list[Expr]:
    return [
        call("lower", of(t.STRING), type_=t.STRING),
        call("upper", of(t.STRING), type_=t.STRING),
        call("trim", of(t.STRING), type_=t.STRING),
        call("replace", of(t.STRING), of(t.STRING), of(t.STRING), type_=t.STRING),
    ]


@cache
def nullables(type_: t.Type, depth: int = 2, *, sql: bool = False) -> Expr:
    """Expressions of the type that may be null."""
    optional = type_.optional()
    found: list[Expr] = [values(type_, depth, sql=sql)]
    if str(optional) in FIELDS.values():
        found.append(field(optional))
    if depth > 0 and type_ in (t.INT, t.DECIMAL, t.FLOAT):
        left, right = values(type_, depth - 1, sql=sql), values(type_, depth - 1, sql=sql)
        found.append(binary("mod", left, right, optional))
        if type_ != t.INT:
            found.append(binary("div", left, right, optional))
    if not sql and type_ in (t.STRING, t.INT, t.DECIMAL, t.FLOAT, t.BOOLEAN):
        found.append(call(f"as_{type_.name.lower()}", json_paths(), type_=optional))
    return st.one_of(*found)


@cache
def json_paths() -> Expr:
    """`j`, `j["a"]`, `j[0]["b"]` and the like."""
    key = st.sampled_from(["a", "b"]).map(lambda k: x.Constant(type=t.STRING, value=k))
    place = st.integers(-1, 2).map(lambda k: x.Constant(type=t.INT, value=k))
    return st.recursive(
        field(t.JSON) | field(t.JSON.optional()),
        lambda inner: st.builds(
            lambda o, k: x.Index(type=t.JSON.optional(), of=o, key=k), inner, key | place
        ),
        max_leaves=2,
    )


@cache
def conditions(depth: int = 3, *, sql: bool = False) -> Expr:
    """Boolean expressions."""
    scalars = SQL_SCALARS if sql else SCALARS
    ordered = (t.STRING, t.INT) if sql else ORDERED
    below = max(depth - 1, 0)

    def of(other: t.Type) -> Expr:
        return values(other, below, sql=sql)

    def maybe(other: t.Type) -> Expr:
        return nullables(other, below, sql=sql)

    equal = st.sampled_from(["eq", "ne"])
    less = st.sampled_from(["lt", "le", "gt", "ge"])
    found: list[Expr] = [binary(equal, maybe(s), maybe(s), t.BOOLEAN) for s in scalars]
    found += [binary(less, of(s), of(s), t.BOOLEAN) for s in ordered]
    found += [_membership(s, maybe(s), sql=sql) for s in scalars]
    found += [call(n, of(t.STRING), of(t.STRING), type_=t.BOOLEAN) for n in _SEARCHES]
    found.append(st.sampled_from(sorted(FIELDS)).map(lambda n: x.Changed(type=t.BOOLEAN, name=n)))
    if not sql:
        found += _more(below)
    if depth > 0:
        inner = st.deferred(lambda: conditions(below, sql=sql))
        found += [
            binary(st.sampled_from(["and", "or"]), inner, inner, t.BOOLEAN),
            inner.map(lambda e: x.Unary(type=t.BOOLEAN, op="not", of=e)),
            narrowed(inner),
        ]
    return st.one_of(*found)


_SEARCHES = ("contains", "starts_with", "ends_with")
PATTERNS = ("a", "^a+b?$", "[[:alpha:]]+", "(x|y)*z", r"\d", "")


def _membership(type_: t.Type, left: Expr, *, sql: bool) -> Expr:
    many = st.lists(constant(type_, sql=sql), max_size=3).map(
        lambda found: x.ListOf(type=t.list_of(type_), items=tuple(found))
    )
    return binary(st.sampled_from(["in", "not_in"]), left, many, t.BOOLEAN)


def _more(depth: int) -> list[Expr]:
    """Conditions without a translation to SQL."""
    pattern = st.sampled_from(PATTERNS).map(lambda p: x.Constant(type=t.STRING, value=p))
    tags, numbers = field(t.list_of(t.STRING)), field(t.list_of(t.INT))
    word = st.sampled_from(["any", "all"])
    return [
        call("matches", values(t.STRING, depth), pattern, type_=t.BOOLEAN),
        binary(st.sampled_from(["eq", "ne"]), json_paths(), json_paths(), t.BOOLEAN),
        binary("in", values(t.STRING, depth), tags, t.BOOLEAN),
        binary("in", values(t.INT, depth), numbers, t.BOOLEAN),
        st.builds(
            lambda w, of, bound: x.Quantifier(
                type=t.BOOLEAN, op=w, of=of, variable="item",
                body=x.Binary(
                    type=t.BOOLEAN, op="gt",
                    left=x.Variable(type=t.INT, name="item"), right=bound,
                ),
            ),
            word, numbers, values(t.INT, depth),
        ),
        st.builds(
            lambda w, of, text: x.Quantifier(
                type=t.BOOLEAN, op=w, of=of, variable="item",
                body=x.Binary(
                    type=t.BOOLEAN, op="eq",
                    left=x.Member(
                        type=t.STRING.optional(), name="note",
                        of=x.Variable(type=t.Type("Item"), name="item"),
                    ),
                    right=text,
                ),
            ),
            word, field(t.list_of(t.Type("Item"))), values(t.STRING, depth),
        ),
    ]  # fmt: skip


@st.composite
def narrowed(draw: st.DrawFn, inner: Expr) -> x.Expr:
    """`x != null && x > ...`, and `x == null || ...`: the right side needs the left."""
    type_ = draw(st.sampled_from([t.INT, t.STRING]))
    maybe = draw(field(type_.optional()))
    sure = x.Field(type=type_, row=maybe.row, name=maybe.name)
    null = x.Constant(type=t.NULL, value=None)
    both = draw(st.booleans())
    test = x.Binary(type=t.BOOLEAN, op="ne" if both else "eq", left=maybe, right=null)
    use: x.Expr = x.Binary(type=t.BOOLEAN, op="le", left=sure, right=sure)
    if type_ == t.INT:
        negative = x.Unary(type=t.INT, op="neg", of=sure)
        use = x.Binary(type=t.BOOLEAN, op="lt", left=sure, right=negative)
    guarded = x.Binary(type=t.BOOLEAN, op="and" if both else "or", left=test, right=use)
    return x.Binary(type=t.BOOLEAN, op="or", left=guarded, right=draw(inner))


@cache
def any_value(depth: int = 2) -> Expr:
    """Any value of any scalar type, null included."""
    return st.one_of(*[nullables(s, depth) for s in SCALARS])


@st.composite
def bodies(draw: st.DrawFn) -> x.Expr:
    """Objects with values, lists, texts and spreads."""
    keys = st.sampled_from(["a", "b", "quoted key", "__class__", "é"])
    value = any_value(1) | st.lists(any_value(0), max_size=2).map(
        lambda found: x.ListOf(type=t.list_of(t.JSON), items=tuple(found))
    )
    entries = draw(st.lists(st.builds(x.Entry, keys, value | templates()), max_size=4))
    if draw(st.booleans()):
        entries.append(x.Entry(None, x.ObjectOf(type=t.OBJECT, entries=tuple(entries[:1]))))
    return x.ObjectOf(type=t.OBJECT, entries=tuple(entries))


@cache
def templates() -> Expr:
    """Texts with holes, choices and loops."""
    holes = st.one_of(*[values(s, 1) for s in SCALARS]).map(x.Hole)
    some = st.lists(texts | holes, max_size=2).map(tuple)
    choice = st.builds(
        lambda test, body, other: x.Choice(((test, body),), other), conditions(0), some, some
    )
    variable = x.Hole(x.Variable(type=t.STRING, name="tag"))
    loop = st.builds(
        lambda of, body, other: x.Loop("tag", of, (*body, variable), other),
        field(t.list_of(t.STRING)), some, some,
    )  # fmt: skip
    parts = st.lists(texts | holes | choice | loop, max_size=4)
    return parts.map(lambda found: x.Text(type=t.STRING, parts=tuple(found)))
