"""What operators, methods and texts give at their edges."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from fql.errors import MissingSecrets
from fql.exact.numbers import JsonNumber, NumericId
from fql.expressions.compile import compile_body, compile_text, compile_value, envelope_body
from fql.expressions.functions import MAX_TEXT
from fql.expressions.scope import BatchInfo, FailureInfo, Scope
from fql.expressions.walker import evaluate
from fql.plan.language import expressions as x
from fql.plan.language import types as t
from fql.plan.table import TypeTable
from tests.expressions.build import call, const, field, op, scope, text

BIG = 1.7976931348623157e308
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)
DAY = timedelta(days=1)


def run(e: x.Expr, given: Scope | None = None) -> object:
    """The value, which both back ends give."""
    given = given or scope({})
    value = compile_value(e)(given)
    walked = evaluate(e, given)
    assert (value, type(value)) == (walked, type(walked))
    return value


def number(value: object) -> x.Constant:
    """A literal with the type of its value."""
    types: dict[type, t.Type] = {int: t.INT, float: t.FLOAT, Decimal: t.DECIMAL}
    return const(value, types[type(value)])


@pytest.mark.parametrize(
    ("name", "left", "right", "value"),
    [
        ("add", 2**63, 2**63, 2**64),
        ("mul", 10**999, 10**999, 10**1998),
        ("add", Decimal("0.1"), Decimal("0.2"), Decimal("0.3")),
        ("add", Decimal("1E+40"), Decimal("1E-40"), Decimal("1" + "0" * 40 + "." + "0" * 39 + "1")),
        ("mul", Decimal("1.10"), 3, Decimal("3.30")),
        ("sub", 1, Decimal("0.99"), Decimal("0.01")),
        ("add", BIG, BIG, BIG),
        ("mul", -BIG, 10, -BIG),
        ("add", 1.5, 10**400, BIG),
        ("div", 1, 3, Decimal("0.3333333333333333333333333333")),
        ("div", 2, 3, Decimal("0.6666666666666666666666666667")),
        ("div", 1, 0, None),
        ("div", Decimal("1.0"), Decimal("0.00"), None),
        ("div", 1.0, 0.0, None),
        ("div", BIG, 0.1, BIG),
        ("mod", 7, -3, -2),
        ("mod", -7, 3, 2),
        ("mod", 7, 0, None),
        ("mod", Decimal("-7.5"), Decimal(2), Decimal("0.5")),
        ("mod", Decimal("7.5"), -2, Decimal("-0.5")),
        ("mod", Decimal("1E+900"), Decimal("7E-900"), Decimal(0)),
        ("mod", -1.5, 1.0, 0.5),
    ],
)
def test_arithmetic(name: str, left: object, right: object, value: object) -> None:
    """Exact where it is exact, saturated where it is not, null for a zero divisor."""
    if name == "mod" and str(left) == "1E+900":
        value = Decimal(10**1800 % 7).scaleb(-900)
    type_ = t.FLOAT if isinstance(value, float) else t.DECIMAL
    assert run(op(name, number(left), number(right), type_)) == value


@pytest.mark.parametrize(
    ("name", "left", "right", "value"),
    [
        ("add", (NOON, t.DATETIME), (DAY, t.DURATION), NOON + DAY),
        ("add", (LAST, t.DATETIME), (DAY, t.DURATION), LAST),
        ("sub", (NOON, t.DATETIME), (timedelta.max, t.DURATION), datetime.min.replace(tzinfo=UTC)),
        ("add", (date.max, t.DATE), (DAY, t.DURATION), date.max),
        ("sub", (date.min, t.DATE), (DAY, t.DURATION), date.min),
        ("sub", (date(2026, 3, 2), t.DATE), (timedelta(hours=36), t.DURATION), date(2026, 3, 1)),
        ("sub", (date(2026, 3, 2), t.DATE), (date(2026, 3, 1), t.DATE), DAY),
        ("sub", (NOON, t.DATETIME), (NOON - DAY, t.DATETIME), DAY),
        ("add", (timedelta.max, t.DURATION), (DAY, t.DURATION), timedelta.max),
        ("sub", (timedelta.min, t.DURATION), (DAY, t.DURATION), timedelta.min),
        ("mul", (DAY, t.DURATION), (10**30, t.INT), timedelta.max),
        ("mul", (DAY, t.DURATION), (-(10**30), t.INT), timedelta.min),
    ],
)
def test_time(
    name: str, left: tuple[object, t.Type], right: tuple[object, t.Type], value: object
) -> None:
    """Dates stay within the years 1 to 9999, durations within what they can hold."""
    assert run(op(name, const(*left), const(*right), t.DATETIME)) == value


@pytest.mark.parametrize(
    ("e", "value"),
    [
        (call("length", const("a\U0001f600é")), 3),
        (call("replace", const("aXa"), "a", "bb"), "bbXbb"),
        (call("replace", const("abc"), "", "-"), "abc"),
        (call("matches", const("order-12"), r"\d+"), True),
        (call("matches", const("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"), "(a+)+$"), False),
        (call("truncate", const("abcdef"), 3), "abc"),
        (call("urlencode", const("a b/é&")), "a%20b/%C3%A9%26"),
        (call("round", const(Decimal("2.5"), t.DECIMAL)), Decimal(2)),
        (call("round", const(Decimal("2.675"), t.DECIMAL), 2), Decimal("2.68")),
        (call("round", const(2.5, t.FLOAT), type_=t.FLOAT), 2.0),
        (call("date", const(NOON, t.DATETIME)), "2026-03-02"),
        (call("date", const(NOON, t.DATETIME), "%d.%m.%Y %H:%M:%S %j 100%%"),
         "02.03.2026 12:00:00 061 100%"),
        (call("date", const(date(5, 1, 2), t.DATE), "%Y %H"), "0005 00"),
        (call("join", const(("a", "b"), t.list_of(t.STRING)), ", "), "a, b"),
        (call("json", const((1, "é", None), t.list_of(t.JSON))), '[1,"é",null]'),
        (call("to_decimal", const(0.1, t.FLOAT)),
         Decimal("0.1000000000000000055511151231257827021181583404541015625")),
        (call("to_float", const(Decimal("1E+900"), t.DECIMAL)), BIG),
    ],
)  # fmt: skip
def test_functions(e: x.Expr, value: object) -> None:
    """Each method and filter at a telling point."""
    assert run(e) == value


JSON = {
    "s": "x", "i": 5, "d": JsonNumber("1.50"), "b": True, "n": None, "l": [1, {"k": "v"}],
    "whole": JsonNumber("3.0"), "one": 1,
}  # fmt: skip


def at(*path: str | int) -> x.Expr:
    """`j[..][..]`."""
    e: x.Expr = field("j", t.JSON)
    for step in path:
        key = const(step, t.INT if isinstance(step, int) else t.STRING)
        e = x.Index(type=t.JSON.optional(), of=e, key=key)
    return e


@pytest.mark.parametrize(
    ("e", "value"),
    [
        (call("as_string", at("s")), "x"),
        (call("as_string", at("i")), None),
        (call("as_int", at("i")), 5),
        (call("as_int", at("whole")), 3),
        (call("as_int", at("d")), None),
        (call("as_int", at("b")), None),
        (call("as_decimal", at("d")), Decimal("1.50")),
        (call("as_float", at("d")), 1.5),
        (call("as_boolean", at("b")), True),
        (call("as_string", at("l", 1, "k")), "v"),
        (at("l", 5), None),
        (at("l", -1), None),
        (at("nothing", "deeper", 3), None),
        (at("s", 0), None),
        (op("eq", at("b"), at("one")), False),
        (op("eq", at("one"), at("one")), True),
        (op("eq", at("nothing"), const(None, t.NULL)), True),
    ],
)
def test_json_access(e: x.Expr, value: object) -> None:
    """Paths that lead nowhere and shapes that do not fit are null; `true` is not `1`."""
    assert run(e, scope({"j": JSON})) == value


def test_whole_numbers_become_decimals() -> None:
    """`count ?? 0.5` of a Decimal is one on both sides, so that a body writes the same form."""
    count = field("v", t.INT.optional())
    mixed = op("coalesce", count, const(1, t.DECIMAL), t.DECIMAL)
    assert repr(run(mixed, scope({"v": 5}))) == "Decimal('5')"
    assert repr(run(mixed, scope({"v": None}))) == "Decimal('1')"
    maybe = op("coalesce", field("d", t.DECIMAL.optional()), count, t.DECIMAL.optional())
    assert run(maybe, scope({"v": None, "d": None})) is None
    assert repr(run(maybe, scope({"v": 2, "d": None}))) == "Decimal('2')"


def test_whole_numbers_in_a_list_of_decimals_are_decimals() -> None:
    """Whatever is picked out of it is written as a text."""
    n, total = field("n", t.INT), field("total", t.DECIMAL.optional())
    items = x.ListOf(type=t.list_of(t.DECIMAL.optional()), items=(const(9, t.INT), n, total))
    given = scope({"n": 2, "total": None})
    assert repr(run(items, given)) == "[Decimal('9'), Decimal('2'), None]"


def test_members_of_errors_and_batches() -> None:
    """`action.error` and `_batch` have their members; an action that did not run gives null."""
    given = scope({})
    given.failures["pay"] = FailureInfo("refused", 402, "permanent", 3)
    given.batch = BatchInfo("b1", 2)
    given.responses["label"] = {"url": "https://l/1"}
    error = x.Failure(type=t.OBJECT, action="pay")
    names = [("message", "refused"), ("status", 402), ("class", "permanent"), ("attempts", 3)]
    for name, value in names:
        assert run(x.Member(type=t.STRING, of=error, name=name), given) == value
    batch = x.Builtin(type=t.OBJECT, name="_batch")
    assert run(x.Member(type=t.INT, of=batch, name="size"), given) == 2
    for action, value in (("label", "https://l/1"), ("other", None)):
        answer = x.Response(type=t.Type("Label", nullable=True), action=action)
        assert run(x.Member(type=t.STRING.optional(), of=answer, name="url"), given) == value


def test_rows_that_are_absent() -> None:
    """The bare row of a delete is the old one; a version that is not there is null."""
    gone = scope(None, {"v": "old"})
    assert run(field("v"), gone) == "old"
    assert run(field("v", t.STRING.optional(), "new"), gone) is None
    assert run(x.Changed(type=t.BOOLEAN, name="v"), gone) is False


def test_deep_and_long_expressions_compile() -> None:
    """Depth and length meet no limit of Python's parser."""
    deep: x.Expr = const(0, t.INT)
    for _ in range(150):
        deep = op("add", op("coalesce", deep, const(0, t.INT), t.INT), const(1, t.INT), t.INT)
    assert compile_value(deep)(scope({})) == 150
    long: x.Expr = op("eq", field("v"), const("x"))
    for i in range(2_000):
        long = op("or", long, op("eq", field("v"), const(f"{i}")))
    assert compile_value(long)(scope({"v": "1999"})) is True


def test_texts_insert_environment_and_escape_holes() -> None:
    """Values of the environment stand as they are, row values are escaped."""
    e = text("https://", x.Environment("HOST"), "/a/", x.Hole(field("v")), "/", x.Hole(number(5)))
    render = compile_text(e, {"HOST": "h/x"}, lambda value: f"<{value}>")
    assert render(scope({"v": "p/q"})) == "https://h/x/a/<p/q>/<5>"
    with pytest.raises(MissingSecrets, match="HOST"):
        compile_text(e, {})


@pytest.mark.parametrize("value", ["7", NumericId("7")])
def test_a_text_of_one_id_is_a_text(value: str) -> None:
    """An ID that came as a number is one alone, and not in a text, of whatever parts."""
    alone = x.Hole(field("id", t.ID))
    chosen = x.Choice(((field("ok", t.BOOLEAN), (alone,)),))
    given = scope({"id": value, "ok": True, "ids": [value]})
    loop = x.Loop("i", field("ids", t.list_of(t.ID)), (x.Hole(x.Variable(type=t.ID, name="i")),))
    for part in (alone, chosen, loop):
        assert run(text(part), given) == "7"


def test_environment_is_never_scanned_again() -> None:
    """A secret that looks like a template stays what it is."""
    render = compile_text(text(x.Environment("KEY")), {"KEY": "{{ id }} ${OTHER} {% raw"})
    assert render(scope({"id": "1"})) == "{{ id }} ${OTHER} {% raw"


def test_no_text_of_the_user_becomes_code() -> None:
    """Names and texts full of quotes and code are data."""
    evil = "'+__import__('os').system('true')+\"\\\n"
    e = x.ObjectOf(type=t.OBJECT, entries=(x.Entry(evil, text(evil, x.Hole(field(evil)))),))
    assert run(e, scope({evil: "v"})) == {evil: evil + "v"}


def test_growth_is_bounded() -> None:
    """A small template cannot fill the memory."""
    grown: x.Expr = const("a" * 1_000)
    for _ in range(4):
        grown = call("replace", grown, "a", "a" * 1_000)
    assert len(str(run(grown))) == MAX_TEXT
    many = const(tuple("x" * 1_000 for _ in range(5_000)), t.list_of(t.STRING))
    loop = x.Loop("v", many, (x.Hole(x.Variable(type=t.STRING, name="v")),))
    assert len(compile_text(text(loop), {})(scope({}))) == MAX_TEXT


def test_body_forms() -> None:
    """Each type as JSON: decimals as text with their scale, numbers exact, later keys win."""
    row = {
        "id": NumericId("7"), "name": "é", "total": Decimal("600.00"), "big": 2**70,
        "at": NOON, "day": date(2026, 3, 2), "j": {"x": JsonNumber("1.50")}, "none": None,
    }  # fmt: skip
    entries = [x.Entry("name", const("early"))]
    entries.append(x.Entry(None, x.Builtin(type=t.OBJECT, name="_new")))
    entries.append(x.Entry("f", const(0.5, t.FLOAT)))
    body = compile_body(x.ObjectOf(type=t.OBJECT, entries=tuple(entries)), TypeTable())
    assert body(scope(row)).decode() == (
        '{"name":"é","id":7,"total":"600.00","big":1180591620717411303424,'
        '"at":"2026-03-02T12:00:00Z","day":"2026-03-02","j":{"x":1.50},"none":null,"f":0.5}'
    )


def test_each_renders_every_member() -> None:
    """A batched body has one item for each event, beside values of the batch."""
    members = [scope({"v": "a"}), scope({"v": "b"})]
    outer = scope({})
    outer.members, outer.batch = members, BatchInfo("b1", 2)
    item = x.ObjectOf(type=t.OBJECT, entries=(x.Entry("v", field("v")),))
    size = x.Member(type=t.INT, of=x.Builtin(type=t.OBJECT, name="_batch"), name="size")
    entries = (x.Entry("all", x.Each(type=t.list_of(t.OBJECT), body=item)), x.Entry("n", size))
    body = compile_body(x.ObjectOf(type=t.OBJECT, entries=entries), TypeTable())
    assert body(outer) == b'{"all":[{"v":"a"},{"v":"b"}],"n":2}'


def test_default_body_is_the_envelope() -> None:
    """Without a body the event itself is sent; a batch sends a list."""
    one = Scope("insert", "Order", {"id": "o1"}, None, id="e1", timestamp=NOON)
    envelope = (
        b'{"entity":"Order","event":"insert","new":{"id":"o1"},"id":"e1",'
        b'"timestamp":"2026-03-02T12:00:00Z"}'
    )
    assert envelope_body(one) == envelope
    batch = scope({})
    batch.members = [one, one]
    assert envelope_body(batch) == b"[" + envelope + b"," + envelope + b"]"
