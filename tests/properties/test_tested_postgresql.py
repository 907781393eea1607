"""What a capture function of PostgreSQL tests before it writes an event never hides one that an
observer would match, nor one with a tested value that its field cannot hold. On a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fql.errors import EventRefused
from fql.events.intake import EventMisfit
from fql.events.model import Event
from fql.exact.reading import read_foreign
from fql.outbox.postgresql.capture import conditions as pushed
from fql.outbox.postgresql.capture import functions
from fql.outbox.postgresql.capture.facts import TableFacts
from fql.outbox.postgresql.catalog import table_facts
from fql.outbox.postgresql.connection import Connection, connect
from fql.outbox.postgresql.installing import install
from fql.outbox.postgresql.names import Names
from fql.outbox.postgresql.rows import row_reader
from fql.outbox.wanted import wanted_of
from fql.plan.language.expressions import Expr
from tests.properties import drawn, strategies
from tests.properties import stored_postgresql as stored
from tests.properties.test_pushed import INTAKE, THING, matches, observer, plan
from tests.servers.databases import Databases

ALL, MAIN = Names("all"), Names("main")
READER = row_reader(THING.fields)
CONDITIONS = 30
SEEDS = 50


@pytest.fixture(scope="module")
def database(postgresql_server: Databases) -> Iterator[Connection]:
    """A database with the types that columns may have."""
    with postgresql_server.database() as url, connect(url) as connection:
        for statement in stored.SETUP.split(";"):
            connection.execute(statement.encode())
        yield connection


def test_a_test_is_true_for_every_row_that_matches(database: Connection) -> None:
    found = [judged(database, Random(f"postgresql {seed}")) for seed in range(SEEDS)]
    assert sum(found) > CONDITIONS * SEEDS / 12, "too few conditions match"


@pytest.mark.soak
def test_a_test_is_true_for_every_row_that_matches_for_long(database: Connection) -> None:
    for seed in range(20_000):
        judged(database, Random(f"long postgresql {seed}"))


@settings(
    max_examples=25, deadline=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(
    st.lists(strategies.conditions(2, sql="postgresql"), min_size=10, max_size=10), st.integers()
)
def test_conditions_of_every_form(
    database: Connection, conditions: Sequence[Expr], seed: int
) -> None:
    judged(database, Random(seed), conditions)


def test_what_the_runtime_would_match_is_told(postgresql_server: Databases) -> None:
    found = [told(postgresql_server, Random(f"story {seed}")) for seed in range(6)]
    assert sum(found) > len(found), "too few events match"


@pytest.mark.soak
def test_what_the_runtime_would_match_is_told_for_long(postgresql_server: Databases) -> None:
    for seed in range(1_500):
        told(postgresql_server, Random(f"long story {seed}"))


def judged(database: Connection, chance: Random, conditions: Sequence[Expr] = ()) -> int:
    """Hold many conditions against one change; how many match."""
    kind = "update" if conditions else chance.choice((*drawn.KINDS, "update"))
    about = list(strategies.FIELDS) if conditions else drawn.focus(chance)
    many = conditions or [drawn.condition(chance, kind, about) for _ in range(CONDITIONS)]
    with database.transaction(force_rollback=True):
        types = filled(database, chance, about)
        event, unfit = read(database, kind)
        facts = table_facts(database, "public", "new")
        assert facts is not None
        tests = [wanted_test(facts, kind, one) for one in many]
        changed = [verdict(database, functions.Test(changed=one.changed)) for one in tests]
        verdicts = [verdict(database, one) for one in tests]
    for at, (condition, test) in enumerate(zip(many, tests, strict=True)):
        where = (test, {name: types[name] for name in about}, event, unfit)
        assert verdicts[at] or event is None or not takes(event, condition), where
        tested = [one for one in unfit if one in test.sql]
        assert verdicts[at] or not tested or not changed[at], where
    return sum(1 for one in many if event is not None and takes(event, one))


def filled(database: Connection, chance: Random, about: Sequence[str]) -> dict[str, str]:
    """Make the tables `new` and `old`, of one row each; gives the types of their columns."""
    types = stored.columns(chance, about)
    columns = stored.declared(types)
    first = stored.row(chance, types, about)
    second = {**stored.row(chance, types, about)}
    for name in chance.sample(sorted(types), chance.randint(0, len(types))):
        second[name] = first[name]
    for table, row in (("old", first), ("new", second)):
        run(database, f"CREATE TABLE public.{table} ({columns})")
        insert(database, table, row)
    return types


def insert(database: psycopg.Connection[Any], table: str, row: stored.Cells) -> None:
    names = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join("%s" for _ in row)
    statement = f"INSERT INTO public.{table} ({names}) VALUES ({marks})"
    database.execute(statement.encode(), list(row.values()))


def run(database: psycopg.Connection[Any], sql: str) -> Any:
    return database.execute(sql.encode())


def read(database: Connection, kind: str) -> tuple[Event | None, list[str]]:
    """The event of the change as the runtime makes it of what is captured, and the places for which
    it is refused, as tests name them."""
    set_up = ", ".join(
        f"set_config('{name}', '{value}', true)" for name, value in functions.SETTINGS.items()
    )
    run(database, f"SELECT {set_up}")
    sides = {}
    for side in ("new", "old"):
        found = run(database, f"SELECT to_json({side})::text FROM public.{side}").fetchone()
        try:
            cells: Any = read_foreign(found[0])
            sides[side] = READER(cells, True)
        except ValueError:  # a number of thousands of digits
            parsed = json.loads(found[0], parse_int=str, parse_float=str).items()
            long = [name for name, cell in parsed if isinstance(cell, str) and len(cell) > 4000]
            return None, [f'{side.upper()}."{name}"' for name in long]
    return event_of(kind, sides["new"], sides["old"])


def event_of(kind: str, new: object, old: object) -> tuple[Event | None, list[str]]:
    envelope = {
        "entity": "Thing", "event": kind,
        "new": None if kind == "delete" else new, "old": None if kind == "insert" else old,
    }  # fmt: skip
    now = datetime(2026, 3, 2, tzinfo=UTC)
    try:
        event = INTAKE.check(envelope, source="t", position="1", new_id=lambda: "e", now=now)
    except EventMisfit as misfit:
        places = (one.path.partition("[")[0].partition(".") for one in misfit.problems)
        return None, [f'{side.upper()}."{name}"' for side, _, name in places]
    except (EventRefused, ValueError):
        return None, []
    old = event.old or {}
    empty = [field.name for field in THING.fields if old.get(field.name, 0) is None]
    return event, [f'OLD."{name}"' for name in empty if not strategies.FIELDS[name].endswith("?")]


def wanted_test(facts: TableFacts, kind: str, condition: Expr) -> functions.Test:
    """What the function would test."""
    (wanted,) = wanted_of(plan([observer(kind, condition)]))
    return pushed.test_of(wanted, kind, facts)


def verdict(database: Connection, test: functions.Test) -> bool:
    """What a test says of the change; one that fails says yes, as the function has it."""
    parts = [f"({test.sql})"] if test.sql else []
    if test.changed:
        sides = (", ".join(f'{row}."{name}"' for name in test.changed) for row in ("new", "old"))
        parts.append("record_image_ne(ROW({}), ROW({}))".format(*sides))
    if not parts:
        return True
    query = f"SELECT ({' AND '.join(parts)}) IS NOT FALSE FROM public.new, public.old"
    try:
        with database.transaction():
            return bool(run(database, query).fetchone()[0])
    except psycopg.Error:
        return True


def told(server: Databases, chance: Random) -> int:
    """Play statements on a table whose functions test conditions, beside functions that do not; how
    many events match."""
    about = drawn.focus(chance)
    wanted = {
        kind: [drawn.condition(chance, kind, about) for _ in range(chance.randint(1, 2))]
        for kind in chance.sample(drawn.KINDS, chance.randint(1, 3))
    }
    with server.database() as url, connect(url) as connection:
        for statement in stored.SETUP.split(";"):
            run(connection, statement)
        types = stored.columns(chance, about)
        run(connection, f"CREATE TABLE public.things ({stored.declared(types)})")
        every = [observer(kind, None) for kind in wanted]
        made = [observer(kind, one) for kind, several in wanted.items() for one in several]
        install(connection, plan(every), ALL)
        install(connection, plan(made), MAIN)
        play(connection, chance, types, about)
        everything, found = events_in(connection, ALL), events_in(connection, MAIN)
    matching = 0
    for row in everything:
        kind, new, old = row
        event, _ = event_of(kind, new and READER(new, True), old and READER(old, True))
        if event is not None and any(takes(event, one) for one in wanted[kind]):
            assert row in found, (row, wanted[kind])
            found.remove(row)
            matching += 1
    return matching


def takes(event: Event, condition: Expr) -> bool:
    """Whether the condition holds; where an old value is null though its field is not, it may end
    in an error, of which `unfit` knows."""
    try:
        return matches(event, condition)
    except (TypeError, AttributeError):
        return False


def play(
    connection: Connection, chance: Random, types: stored.Columns, about: Sequence[str]
) -> None:
    for _ in range(4):
        insert(connection, "things", stored.row(chance, types, about))
        cells = stored.row(chance, types, about)
        name = chance.choice(about)
        type_ = types[name].removesuffix(stored.FILLED)
        change = f'UPDATE public.things SET "{name}" = CAST(%s AS text)::{type_}'
        connection.execute(change.encode(), [cells[name]])
    run(connection, "DELETE FROM public.things")


def events_in(connection: Connection, names: Names) -> list[tuple[str, Any, Any]]:
    rows = run(connection, f"SELECT event, new::text, old::text FROM {names.outbox} ORDER BY seq")
    return [(e, new and read_foreign(new), old and read_foreign(old)) for e, new, old in rows]
