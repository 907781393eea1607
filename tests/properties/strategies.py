"""Well-typed expressions and rows for Hypothesis: what the checker could let through.

`conditions(depth)` and `values(type, depth)` make expressions over the entity `Thing` of `PLAN`;
`events()` makes checked events of it, by way of the real intake. With `sql` the name of a dialect
only what has an exact translation to it is made: see `fqlc.emit.sql`.
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
from fql.plan.language import expressions as x
from fql.plan.language import types as t
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
    "prices": "[Decimal]",
    "flags": "[Boolean?]",
    "items": "[Item]",
    "first": "Item?",
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
                EntityField(name="price", type="Decimal"),
                EntityField(name="made", type="DateTime?"),
                EntityField(name="kind", type="Colour"),
                EntityField(name="labels", type="[String]"),
            ),
        ),
    ),
    entities=(
        Entity(
            name="Thing", fields=tuple(EntityField(name=n, type=ty) for n, ty in FIELDS.items())
        ),
    ),
)

ITEM = t.Type("Item")
SCALARS = (
    t.STRING, t.INT, t.DECIMAL, t.FLOAT, t.BOOLEAN, t.UUID, t.DATETIME, t.DATE, COLOUR, t.ID,
)  # fmt: skip
ORDERED = (t.STRING, t.INT, t.DECIMAL, t.FLOAT, t.DATETIME, t.DATE)
Expr = SearchStrategy[Any]

# Values ----------------------------------------------------------------------

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6)
plain_texts = st.text("aAbB %_'\"\\xyz*[?-\n\u2003日😀", max_size=5)
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


def _json(some_texts: Expr) -> Expr:
    leaves = st.sampled_from([1.5, 1.0, True, "a", ""]) | some_texts
    return st.recursive(
        st.none() | st.booleans() | small_ints | leaves,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["a", "b", "a b"]), inner, max_size=2)
        ),
        max_leaves=4,
    )


json_values = _json(texts)

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
    "JSON": json_values,
}

calm_floats = st.floats(-1e6, 1e6).filter(lambda value: value == 0 or abs(value) > 1e-6)
IN_SQL: dict[str, dict[str, Expr]] = {
    "": {},
    "sqlite": {
        "String": plain_texts, "ID": plain_texts, "Int": small_ints | st.integers(-(10**4), 10**4),
        "Decimal": st.decimals(-500, 500, places=2), "Float": calm_floats,
        "JSON": _json(plain_texts),
    },
    "postgresql": {
        "String": plain_texts, "ID": plain_texts,
        "Int": small_ints | st.integers(-(2**63), 2**63 - 1), "Float": calm_floats,
        "Decimal": decimals | st.sampled_from([Decimal("-0.00"), Decimal("1E+3"), Decimal(10**40)]),
        "JSON": _json(plain_texts),
    },
}  # fmt: skip
"""Values for which a clause is exact: what its notes say. Letters are those of `lower()`."""


@cache
def items(*, sql: str) -> Expr:
    """Values of the declared type."""
    return st.fixed_dictionaries(
        {f.name: _raw(t.parse_type(f.type), sql=sql) for f in PLAN.types[0].fields}
    )


@cache
def _raw(type_: t.Type, *, sql: str) -> Expr:
    if type_.nullable:
        return st.none() | _raw(type_.required(), sql=sql)
    if type_.item is not None:
        return st.lists(_raw(type_.item, sql=sql), max_size=3)
    if type_.name == "Item":
        return items(sql=sql)
    if type_.name == "JSON":
        return _pool(type_, sql=sql).filter(lambda value: value is not None)
    if type_.name == "ID":
        return _pool(type_, sql=sql) | small_ints
    return _pool(type_, sql=sql)


def _pool(type_: t.Type, *, sql: str) -> Expr:
    return {**CONSTANTS, **IN_SQL[sql]}[type_.name]


@cache
def rows(*, sql: str = "") -> SearchStrategy[dict[str, Any]]:
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
def events(draw: st.DrawFn, *, kinds: tuple[str, ...] = ("update",), sql: str = "") -> Event:
    """Checked events; in an update some fields keep their value."""
    kind = draw(st.sampled_from(kinds))
    new, old = draw(rows(sql=sql)), draw(rows(sql=sql))
    for name in draw(st.sets(st.sampled_from(sorted(FIELDS)), max_size=8)):
        old[name] = new[name]
    return checked(kind, None if kind == "delete" else new, None if kind == "insert" else old)


# Expressions -----------------------------------------------------------------


@cache
def constant(type_: t.Type, *, sql: str = "") -> Expr:
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
def values(type_: t.Type, depth: int = 2, *, sql: str = "") -> Expr:
    """Expressions of a type that is not nullable."""
    basic = constant(type_, sql=sql)
    if type_ != t.DURATION:
        basic = basic | field(type_)
    if depth <= 0:
        return basic
    made = st.deferred(lambda: st.one_of(*_composed(type_, depth - 1, sql=sql)))
    return basic | made


def _composed(type_: t.Type, depth: int, *, sql: str) -> list[Expr]:
    def of(other: t.Type) -> Expr:
        return values(other, depth, sql=sql)

    found = (
        [binary("coalesce", nullables(type_, depth, sql=sql), of(type_), type_)]
        if type_ != t.DURATION
        else []
    )
    arithmetic = st.sampled_from(["add", "sub", "mul"])
    found.append(chosen(type_, of(type_), depth, sql=sql))
    match type_.name:
        case "String":
            found += _texts(of, depth)
            found += [] if sql else _cut_texts(of)
        case "Int":
            found += [
                binary(arithmetic, of(t.INT), of(t.INT), t.INT),
                call("length", of(t.STRING), type_=t.INT),
                call("length", _lists(), type_=t.INT),
                of(t.INT).map(lambda e: x.Unary(type=t.INT, op="neg", of=e)),
                call("epoch", of(t.DATETIME), type_=t.INT),
                call("epoch_ms", of(t.DATETIME), type_=t.INT),
                call("abs", of(t.INT), type_=t.INT),
                folded("sum", t.INT, t.INT),
                *(call(n, of(o), type_=t.INT) for n in _WHOLE for o in _rounded_in(sql)),
            ]
        case "Decimal":
            found += [
                binary(arithmetic, of(t.DECIMAL), of(t.DECIMAL) | of(t.INT), t.DECIMAL),
                binary(arithmetic, of(t.INT), of(t.DECIMAL), t.DECIMAL),
                of(t.DECIMAL).map(lambda e: x.Unary(type=t.DECIMAL, op="neg", of=e)),
                call("to_decimal", of(t.INT if sql else t.FLOAT), type_=t.DECIMAL),
                call("abs", of(t.DECIMAL), type_=t.DECIMAL),
                folded("sum", t.DECIMAL, t.DECIMAL),
                *(rounded(of(o)) for o in _rounded_in(sql)),
            ]
        case "Float":
            found += [
                binary(arithmetic, of(t.FLOAT), of(t.FLOAT) | of(t.INT), t.FLOAT),
                call("to_float", of(t.INT), type_=t.FLOAT),
                call("abs", of(t.FLOAT), type_=t.FLOAT),
            ]
            if sql != "sqlite":
                found.append(call("to_float", of(t.DECIMAL), type_=t.FLOAT))
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
_WHOLE = ("round", "floor", "ceil")


def _rounded_in(sql: str) -> tuple[t.Type, ...]:
    """The types of numbers that can be rounded there."""
    exact = {"sqlite": (t.INT,), "postgresql": (t.INT, t.DECIMAL)}
    return exact.get(sql, (t.INT, t.DECIMAL, t.FLOAT))


def rounded(of: Expr) -> Expr:
    """`x.round(2)` and `x.round(2, half_up)`."""
    places = st.integers(0, 12).map(lambda n: _constant(t.INT, n))
    word = st.just(_constant(t.STRING, "half_up"))
    even = call("round", of, places, type_=t.DECIMAL)
    return even | call("round", of, places, word, type_=t.DECIMAL)


def chosen(type_: t.Type, of: Expr, depth: int, *, sql: str) -> Expr:
    """`if c then a else b`, with one branch or two; of whole numbers also as wider ones."""
    exact = type_ == t.DECIMAL or (type_ == t.FLOAT and not sql)
    value = of | constant(t.INT, sql=sql) if exact else of
    branch = st.tuples(st.deferred(lambda: conditions(min(depth, 1), sql=sql)), value)
    return st.builds(
        lambda branches, other: x.Choose(type=type_, branches=tuple(branches), otherwise=other),
        st.lists(branch, min_size=1, max_size=2), value,
    )  # fmt: skip


def folded(op: str, type_: t.Type, result: t.Type) -> Expr:
    """`items.sum(id, id.count)`, or of a list of numbers."""
    part = {"Int": "count", "Decimal": "price"}[type_.name]
    item = x.Variable(type=ITEM, name="id")
    of_items = x.Member(type=type_, of=item, name=part)
    plain = x.Variable(type=type_, name="id")
    return st.builds(
        lambda of, body: x.Quantifier(type=result, op=op, of=of, variable="id", body=body),
        field(t.list_of(ITEM)), st.just(of_items),
    ) | st.builds(
        lambda of: x.Quantifier(type=result, op=op, of=of, variable="id", body=plain),
        field(t.list_of(type_)),
    )  # fmt: skip


def _cut_texts(of: Any) -> list[Expr]:
    """What only the runtime computes."""
    place = st.integers(-4, 4).map(lambda n: _constant(t.INT, n))
    parts = call("split", of(t.STRING), of(t.STRING), type_=t.list_of(t.STRING))
    part = x.Variable(type=t.STRING, name="part")
    return [
        call("slice", of(t.STRING), place, type_=t.STRING),
        call("slice", of(t.STRING), place, place, type_=t.STRING),
        call("sha256", of(t.STRING), type_=t.STRING),
        call("base64", of(t.STRING), type_=t.STRING),
        st.builds(_first_or, parts, st.just(part), of(t.STRING)),
    ]


def _first_or(parts: x.Expr, part: x.Variable, default: x.Expr) -> x.Expr:
    """`text.split(s).map(part, part.upper()).filter(part, part != "").first() ?? default`."""
    upper = x.Call(type=t.STRING, name="upper", of=part)
    full = x.Binary(type=t.BOOLEAN, op="ne", left=part, right=_constant(t.STRING, ""))
    true = _constant(t.BOOLEAN, value=True)
    of, list_of = parts, t.list_of(t.STRING)
    for op, type_, body in (
        ("map", list_of, upper), ("filter", list_of, full), ("first", t.STRING.optional(), true),
    ):  # fmt: skip
        of = x.Quantifier(type=type_, op=op, of=of, variable="part", body=body)
    return x.Binary(type=t.STRING, op="coalesce", left=of, right=default)


def _texts(of: Any, depth: int) -> list[Expr]:
    return [
        call("lower", of(t.STRING), type_=t.STRING),
        call("upper", of(t.STRING), type_=t.STRING),
        call("trim", of(t.STRING), type_=t.STRING),
        call("replace", of(t.STRING), of(t.STRING), of(t.STRING), type_=t.STRING),
    ]


@cache
def nullables(type_: t.Type, depth: int = 2, *, sql: str = "") -> Expr:
    """Expressions of the type that may be null."""
    optional = type_.optional()
    found: list[Expr] = [values(type_, depth, sql=sql)]
    if str(optional) in FIELDS.values():
        found.append(field(optional))
    if depth > 0 and type_ in (t.INT, t.DECIMAL, t.FLOAT):
        left, right = values(type_, depth - 1, sql=sql), values(type_, depth - 1, sql=sql)
        if not sql or type_ != t.FLOAT:
            found.append(binary("mod", left, right, optional))
        if type_ == t.FLOAT or (type_ == t.DECIMAL and sql != "sqlite"):
            found.append(binary("div", left, right, optional))
    if type_ in (t.STRING, t.INT, t.DECIMAL, t.FLOAT, t.BOOLEAN):
        found.append(call(f"as_{type_.name.lower()}", json_paths(), type_=optional))
    if type_ in (t.INT, t.DECIMAL):
        found += [folded(op, type_, optional) for op in ("min", "max")]
    if not sql and type_ == t.STRING and depth > 0:
        pattern = st.sampled_from((*PATTERNS, "(a)|b")).map(lambda p: _constant(t.STRING, p))
        found.append(call("extract", values(t.STRING, depth - 1), pattern, type_=optional))
    return st.one_of(*found)


@cache
def json_paths() -> Expr:
    """`j`, `j["a"]`, `j[0]["b"]` and the like."""
    key = st.sampled_from(["a", "b", "a b"]).map(lambda k: x.Constant(type=t.STRING, value=k))
    place = st.integers(-1, 2).map(lambda k: x.Constant(type=t.INT, value=k))
    return st.recursive(
        field(t.JSON) | field(t.JSON.optional()),
        lambda inner: st.builds(
            lambda o, k: x.Index(type=t.JSON.optional(), of=o, key=k), inner, key | place
        ),
        max_leaves=2,
    )


@cache
def conditions(depth: int = 3, *, sql: str = "") -> Expr:
    """Boolean expressions."""
    below = max(depth - 1, 0)

    def of(other: t.Type) -> Expr:
        return values(other, below, sql=sql)

    def maybe(other: t.Type) -> Expr:
        return nullables(other, below, sql=sql)

    equal = st.sampled_from(["eq", "ne"])
    less = st.sampled_from(["lt", "le", "gt", "ge"])
    found: list[Expr] = [binary(equal, maybe(s), maybe(s), t.BOOLEAN) for s in SCALARS]
    found += [binary(less, of(s), of(s), t.BOOLEAN) for s in ORDERED]
    found += [_membership(s, maybe(s), sql=sql) for s in SCALARS]
    found += [call(n, of(t.STRING), of(t.STRING), type_=t.BOOLEAN) for n in _SEARCHES]
    comparable = [n for n in sorted(FIELDS) if sql != "sqlite" or "JSON" not in FIELDS[n]]
    found.append(st.sampled_from(comparable).map(lambda n: x.Changed(type=t.BOOLEAN, name=n)))
    found += _documents(below, sql=sql)
    if depth > 0:
        inner = st.deferred(lambda: conditions(below, sql=sql))
        found += [
            binary(st.sampled_from(["and", "or"]), inner, inner, t.BOOLEAN),
            narrowed(inner),
        ]
    # No alternative of its own: Hypothesis would find `!(!(!(...)))` again and again.
    return st.builds(_negated, st.booleans(), st.one_of(*found))


def many_conditions(*, sql: str) -> Expr:
    """Several conditions: for one event, which costs more to make than they do."""
    return st.lists(conditions(3, sql=sql), min_size=8, max_size=8)


def _negated(negate: bool, of: x.Expr) -> x.Expr:
    return x.Unary(type=t.BOOLEAN, op="not", of=of) if negate else of


_SEARCHES = ("contains", "starts_with", "ends_with")
PATTERNS = ("a", "^a+b?$", "[[:alpha:]]+", "(x|y)*z", r"\d", "")
SQL_PATTERNS = {
    "": PATTERNS,
    "sqlite": ("a", "^a+b$", "(x|yz)$", r"^[^a-x]?[*\]^-]", ""),
    "postgresql": (*PATTERNS, r"[^\w\]-]", "^(?:a|b){2,}$", "a.b"),
}


def _membership(type_: t.Type, left: Expr, *, sql: str) -> Expr:
    many = st.lists(constant(type_, sql=sql), max_size=3).map(
        lambda found: x.ListOf(type=t.list_of(type_), items=tuple(found))
    )
    return binary(st.sampled_from(["in", "not_in"]), left, many, t.BOOLEAN)


def _documents(depth: int, *, sql: str) -> list[Expr]:
    """Conditions on patterns, JSON, lists and declared types."""
    pattern = st.sampled_from(SQL_PATTERNS[sql]).map(lambda p: x.Constant(type=t.STRING, value=p))
    equal = st.sampled_from(["eq", "ne"])
    null = st.just(x.Constant(type=t.NULL, value=None))
    others = null if sql == "sqlite" else null | json_paths()
    return [
        call("matches", values(t.STRING, depth, sql=sql), pattern, type_=t.BOOLEAN),
        binary(equal, json_paths(), others, t.BOOLEAN),
        binary(equal, field(ITEM.optional()), null | field(ITEM.optional()), t.BOOLEAN),
        *(binary(equal, field(f), field(f), t.BOOLEAN) for f in LISTS),
        binary(equal, field(t.list_of(t.STRING)), _literal_list(sql=sql), t.BOOLEAN),
        *(_stored_membership(f, depth, sql=sql) for f in LISTS if f.item != ITEM),
        _of_numbers(depth, sql=sql),
        _of_items(depth, sql=sql),
    ]


LISTS = tuple(f for f in map(t.parse_type, FIELDS.values()) if f.item is not None)


def _lists() -> Expr:
    return st.one_of(*map(field, LISTS))


def _literal_list(*, sql: str) -> Expr:
    return st.lists(constant(t.STRING, sql=sql), max_size=2).map(
        lambda found: x.ListOf(type=t.list_of(t.STRING), items=tuple(found))
    )


def _stored_membership(of: t.Type, depth: int, *, sql: str) -> Expr:
    assert of.item is not None
    left = nullables(of.item.required(), depth, sql=sql)
    return binary(st.sampled_from(["in", "not_in"]), left, field(of), t.BOOLEAN)


def _quantifier(of: Expr, body: Expr) -> Expr:
    return st.builds(
        lambda op, a, b: x.Quantifier(type=t.BOOLEAN, op=op, of=a, variable="id", body=b),
        st.sampled_from(["any", "all"]), of, body,
    )  # fmt: skip


def _of_numbers(depth: int, *, sql: str) -> Expr:
    """`numbers.any(id, id + 1 > i)`; the variable is called as a column and as one of SQLite's."""
    number = x.Variable(type=t.INT, name="id")
    more = st.sampled_from(
        [number, x.Binary(type=t.INT, op="add", left=number, right=_constant(t.INT, 1))]
    )
    less = st.sampled_from(["lt", "ge", "eq"])
    body = binary(less, more, values(t.INT, depth, sql=sql), t.BOOLEAN)
    return _quantifier(field(t.list_of(t.INT)), body)


def _of_items(depth: int, *, sql: str) -> Expr:
    """`items.all(id, id.price > d)` and the same for the other fields, `first` with them."""
    item = x.Variable(type=ITEM, name="id")

    def part(name: str, type_: t.Type, of: x.Expr = item) -> Expr:
        return st.just(x.Member(type=type_, name=name, of=of))

    def of(type_: t.Type) -> Expr:
        return values(type_, depth, sql=sql)

    equal, less = st.sampled_from(["eq", "ne"]), st.sampled_from(["lt", "le", "gt", "ge"])
    first = x.Field(type=ITEM.optional(), row="row", name="first")
    strings = t.list_of(t.STRING)
    body = st.one_of(
        binary(equal, part("note", t.STRING.optional()), of(t.STRING), t.BOOLEAN),
        binary(less, part("price", t.DECIMAL), of(t.DECIMAL), t.BOOLEAN),
        binary(equal, part("made", t.DATETIME.optional()), of(t.DATETIME), t.BOOLEAN),
        binary(equal, part("kind", COLOUR), of(COLOUR), t.BOOLEAN),
        binary("in", of(t.STRING), part("labels", strings), t.BOOLEAN),
        binary(equal, part("labels", strings), field(strings), t.BOOLEAN),
        binary(less, call("length", part("labels", strings), type_=t.INT), of(t.INT), t.BOOLEAN),
        binary(equal, part("count", t.INT.optional(), first), part("count", t.INT), t.BOOLEAN),
        st.just(x.Binary(type=t.BOOLEAN, op="eq", left=item, right=first)),
    )
    return _quantifier(field(t.list_of(ITEM)), body)


def _constant(type_: t.Type, value: object) -> x.Constant:
    return x.Constant(type=type_, value=value)


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


_NUMBERS = t.list_of(t.INT)


@st.composite
def bodies(draw: st.DrawFn) -> x.Expr:
    """Objects with values, lists, texts and spreads."""
    keys = st.sampled_from(["a", "b", "quoted key", "__class__", "é"])
    value = any_value(1) | st.lists(any_value(0), max_size=2).map(
        lambda found: x.ListOf(type=t.list_of(t.JSON), items=tuple(found))
    )
    value |= any_value(1).map(lambda e: x.Quantifier(
        type=t.list_of(e.type), op="map", of=x.Field(type=_NUMBERS, row="new", name="numbers"),
        variable="n", body=e,
    ))  # fmt: skip
    entry = st.builds(x.Entry, keys, value | templates(), st.booleans())
    entries = draw(st.lists(entry, max_size=4))
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
