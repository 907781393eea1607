"""The SQL of conditions as people read it: its text, its notes, what is refused and why."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fql.engine.program.match import scope_of
from fql.events.intake import Intake
from fql.expressions.compile import compile_condition
from fql.outbox.sqlite.rows import row_reader
from fql.plan.language.nodes import load_expression
from fql.sql.clause import DialectName
from fql.sql.sqlite_numbers import float_literal, whole_or_decimal
from fql.sql.text import NotInSqlError
from tests.emit.sql_shop import clause, plan_of

DIALECTS: tuple[DialectName, ...] = ("sqlite", "postgresql")


@pytest.mark.parametrize(
    ("condition", "sqlite", "postgresql"),
    [
        ('code == "x"', """("order code" COLLATE BINARY = 'x')""", """("order code" = 'x')"""),
        ("note != null", '("note" IS NOT NULL)', '("note" IS NOT NULL)'),
        ('note == "x"', """("note" COLLATE BINARY IS 'x')""",
         """("note" IS NOT DISTINCT FROM 'x')"""),
        ("n + 1 > 2", '(("n" + 1) > 2)', '((CAST("n" AS numeric) + 1) > 2)'),
        ("paid && !(n > 2)", '("paid" AND (NOT ("n" > 2)))', '("paid" AND (NOT ("n" > 2)))'),
        ('code > "B"', """("order code" COLLATE BINARY > 'B')""",
         """("order code" > 'B' COLLATE "C")"""),
        ('status in ["open"]', """("status" COLLATE BINARY IN ('open'))""",
         """(CAST("status" AS text) IN ('open'))"""),
        ("tags.length() == 0", '(json_array_length("tags") = 0)',
         """(jsonb_array_length(NULLIF(to_jsonb("tags"), 'null')) = 0)"""),
        ('extra["a b"][0] != null', """(NULLIF("extra" -> '$."a b"[0]', 'null') IS NOT NULL)""",
         """(NULLIF(jsonb_path_query_first((to_jsonb("extra") -> 'a b'), 'strict $[0]', '{}',"""
         " TRUE), 'null') IS NOT NULL)"),
        ("first?.price == null", """(round(json_extract("first", '$.price'), 6) IS NULL)""",
         """(CAST((to_jsonb("first") ->> 'price') AS numeric) IS NULL)"""),
        ('tags.any(t, t == code)',
         """EXISTS (SELECT 1 FROM json_each(new."tags") AS "t_1" WHERE"""
         """ ("t_1".value = new."order code" COLLATE BINARY))""",
         """EXISTS (SELECT 1 FROM jsonb_array_elements(NULLIF(to_jsonb(new."tags"), 'null'))"""
         """ WITH ORDINALITY AS "t_1"(value, place) WHERE (("t_1".value #>> '{}') ="""
         """ new."order code"))"""),
        ('day + 1d > "2026-03-02"',
         """(min(max((strftime('%s', substr("day", 1, 10)) / 86400)"""
         " + (86400000000 / 86400000000), -719162), 2932896) > 20514)",
         """(LEAST(GREATEST(("day" - DATE '1970-01-01') + div(86400000000.0, 86400000000),"""
         " -719162), 2932896) > 20514)"),
    ],
)  # fmt: skip
def test_the_text(condition: str, sqlite: str, postgresql: str) -> None:
    assert clause(condition, "sqlite").sql == sqlite
    assert clause(condition, "postgresql").sql == postgresql


@pytest.mark.parametrize(
    ("condition", "sqlite", "postgresql"),
    [
        ('code == "x" && n > 2 && paid', [], []),
        ("total > 5", ["Decimals have at most 9 digits"], []),
        ("n * 2 > 5", ["fit 64 bits"], []),
        ("rate + 1 > 5", ["no result of Floats overflows"], ["no Float overflows or underflows"]),
        ('extra["x"].as_float() == 1.5', ["last bit"], ["no Float overflows"]),
        ('code.lower() == "x"', ["beyond A to Z"], ["beyond A to Z"]),
        ("at - sent > 1d", [], []),
    ],
)
def test_what_it_rests_upon(condition: str, sqlite: list[str], postgresql: list[str]) -> None:
    """A condition that is exact for all rows has no notes."""
    condition = f"sent != null && {condition}" if "sent" in condition else condition
    for dialect, expected in zip(DIALECTS, (sqlite, postgresql), strict=True):
        notes = clause(condition, dialect).notes
        assert len(notes) == len(expected), notes
        assert all(part in note for part, note in zip(expected, notes, strict=True))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_row_before_is_named(dialect: DialectName) -> None:
    found = clause("status.changed() && n.old > 2", dialect, "Order.update")
    assert '(old."n" > 2)' in found.sql
    assert found.notes == ("`old` is the row before the change: join it from where you keep it",)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("_timestamp > at", "`_timestamp` is not in the rows of a table"),
        ('_event == "insert"', "`_event` is not in the rows"),
        ('"order {{ n }}" == code', "is not in the rows"),
        ("rate % 2 == 1", "`%` of Floats"),
        ("rate.to_decimal() == 1.5", "does not give the exact value of a Float"),
        (r'code.matches("\\bx")', "in a pattern"),
        ("tree == first_tree", "equality of `Tree`, which holds values of its own type"),
        ("[code].any(c, c == note)", "`[code]` is not a list of literals"),
    ],
)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_only_the_runtime_can_judge(condition: str, said: str, dialect: DialectName) -> None:
    """The sentence names the part, and says why."""
    event = "Order.insert"
    if "first_tree" in condition:
        condition, event = "tree == tree.old", "Order.update"
    with pytest.raises(NotInSqlError) as refused:
        clause(condition, dialect, event)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("total / 3 == 1", "`total / 3`: a quotient has 28 digits"),
        ("n > 9223372036854775808", "9223372036854775808 is beyond the 64 bits of SQLite"),
        ("total > 0.1234567", "0.1234567: SQLite has no exact decimals"),
        ('extra["a"] == extra["b"]', "SQLite compares JSON as text only"),
        ('extra["é"] != null', "the key `é`: SQLite finds keys as they are spelled"),
        ("extra[n] != null", "`[n]`: SQLite takes literal keys only"),
        ('code.matches("(ab)+")', "SQLite has no regular expressions, and a repeated group"),
    ],
)
def test_what_sqlite_cannot_say(condition: str, said: str) -> None:
    """PostgreSQL can."""
    with pytest.raises(NotInSqlError, match=re.escape(said)):
        clause(condition, "sqlite")
    clause(condition, "postgresql")


ROW: dict[str, object] = {
    "id": 7, "order code": "A-1", "note": None, "n": 3, "total": "10.50", "rate": 0.1, "paid": 1,
    "ref": "6f1c0a52-0000-4000-8000-000000000001", "at": "2026-03-02T14:00:00Z", "sent": None,
    "day": "2026-03-02", "status": "open", "tree": '{"name": "a", "leaves": []}',
    "items": '[{"sku": "a", "price": "1.10", "tags": ["x"]}]', "tags": '["a", "b"]',
    "first": None, "extra": '{"a": [1.5, {"b": true}]}',
}  # fmt: skip


@pytest.mark.parametrize(
    ("stored", "condition"),
    [
        ({}, 'id == "7" && items.any(i, i.price == 1.1) && "b" in tags && first == null'),
        ({}, 'extra["a"][1]["b"].as_boolean() ?? false'),
        ({"total": 10.5}, "total == 10.5"),
        ({"total": 10}, "total == 10"),
        ({"total": 19.99}, "total == 19.99"),
        ({"at": "2026-03-02 14:00:00"}, 'at == "2026-03-02T14:00:00Z"'),
        ({"at": "2026-03-02T15:00:00.123456+01:00"}, 'at == "2026-03-02T14:00:00.123456Z"'),
        ({"at": 1772460000}, 'at == "2026-03-02T14:00:00Z"'),
        ({"at": 1772460000.25}, 'at == "2026-03-02T14:00:00.250Z"'),
        ({"at": "0001-01-01T00:00:00.000001Z"}, 'at - 5d == "0001-01-01T00:00:00Z"'),
        ({"day": "2026-03-02 00:00:00"}, 'day == "2026-03-02" && day + 1d == "2026-03-03"'),
        ({"ref": "6F1C0A52-0000-4000-8000-000000000001"},
         'ref == "6f1c0a52-0000-4000-8000-000000000001"'),
        ({"ref": "6f1c0a52000040008000000000000001"},
         'ref == "6f1c0a52-0000-4000-8000-000000000001"'),
        ({"first": '{"sku": "x", "price": 1, "at": "2026-03-02T15:00:00+01:00", "tags": []}'},
         "first?.at == at && first?.price == 1"),
        ({"tags": '["\\u0061", "a"]'}, 'tags == ["a", "a"] && tags.all(t, t == "a")'),
    ],
)  # fmt: skip
def test_values_are_read_as_capture_reads_them(stored: dict[str, object], condition: str) -> None:
    """What an SQLite column may hold for a type means the same to the clause and the runtime."""
    row = {**ROW, **stored}
    plan = plan_of(condition)
    (entity,) = plan.entities
    captured = row_reader(entity.fields)(
        {f.name: _captured(row[f.column or f.name]) for f in entity.fields}
    )
    event = Intake(plan).check(
        {"entity": "Order", "event": "insert", "new": captured}, source="test", position="1",
        new_id=lambda: "id", now=datetime(2026, 3, 2, tzinfo=UTC),
    )  # fmt: skip
    when = plan.observers[0].when
    assert when is not None
    assert compile_condition(load_expression(when))(scope_of(event)) is True
    assert _selected(row, clause(condition, "sqlite").sql) == 1


def _captured(value: object) -> object:
    """A number with a point reaches the reader as a decimal."""
    return Decimal(repr(value)) if isinstance(value, float) else value


def _selected(row: dict[str, object], where: str) -> int:
    with closing(sqlite3.connect(":memory:")) as connection:
        names = ", ".join(f'"{name}"' for name in row)
        connection.execute(f'CREATE TABLE "orders" ({names})')
        marks = ", ".join("?" for _ in row)
        connection.execute(f'INSERT INTO "orders" VALUES ({marks})', list(row.values()))
        (count,) = connection.execute(
            f'SELECT count(*) FROM "orders" AS new WHERE {where}'
        ).fetchone()
    assert isinstance(count, int)
    return count


@settings(max_examples=200, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False))
def test_sqlite_reads_the_float_that_is_meant(value: float) -> None:
    """SQLite's own reading of digits may be off by a bit; the literal is one where it is not."""
    with closing(sqlite3.connect(":memory:")) as connection:
        (found,) = connection.execute(f"SELECT {float_literal(value)}").fetchone()
    assert found == value


@pytest.mark.parametrize(("value", "text"), [(0.1, "0.1"), (1e22, "1e+22"), (-2.5, "-2.5")])
def test_common_floats_are_written_as_people_do(value: float, text: str) -> None:
    assert float_literal(value) == text


@pytest.mark.parametrize(
    ("number", "fits"),
    [
        ("1E+40", True), ("-1E+5000", True), ("123456789012345678901234567890.123456", True),
        ("1.5000000", True), ("0E-20", True), ("0.0000001", False),
        ("123456789012345678901234567890.1234567", False),
    ],
)  # fmt: skip
def test_a_decimal_of_any_size_is_written_or_refused(number: str, fits: bool) -> None:
    """Arithmetic of decimals rounds, or raises, beyond 28 digits."""
    if fits:
        assert whole_or_decimal(Decimal(number))
        return
    with pytest.raises(NotInSqlError, match="no exact decimals"):
        whole_or_decimal(Decimal(number))
