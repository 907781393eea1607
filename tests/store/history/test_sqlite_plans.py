"""What people ask is read along an index, however many rows there are: by what SQLite says of its
plan, not by time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest

from fql.store.choosing import EventFilter, LetterFilter, RunFilter, UnmatchedFilter
from fql.store.port import MOST_COUNTED
from fql.store.sqlite.format import bring_up
from fql.store.sqlite.reading.counting import by_observer, counts, groups
from fql.store.sqlite.reading.history import events_query, unmatched_query
from fql.store.sqlite.reading.query import Query, letter_number_query, letters_query, runs_query
from fql.store.sqlite.reading.read import OPEN

RUNS = {
    "observer": "watch", "state": "dead", "entity": "Order", "row_key": "7", "since": 1,
    "until": 9, "below": (5, 5),
}  # fmt: skip
LETTERS = {
    "observer": "watch", "action": "a", "error_class": "timeout", "entity": "Order",
    "row_key": "7", "reason": "503", "failed_after": 1, "failed_before": 9, "below": (5, "dlq_5"),
}  # fmt: skip
EVENTS = {
    "entity": "Order", "source": "s", "event_id": "e1", "since": 1, "until": 9, "below": (5, 5),
}  # fmt: skip
UNMATCHED = {**EVENTS, "row_key": "7", "result": "refused"}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
    bring_up(made, tmp_path / "s.db", "webhook_dlq")
    yield made
    made.close()


def plan_of(connection: sqlite3.Connection, query: Query) -> list[str]:
    text, values = query
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", values)]


def some(parts: dict[str, object], most: int = 3) -> list[dict[str, object]]:
    """All choices of so many parts, and fewer."""
    return [dict(one) for n in range(most + 1) for one in combinations(parts.items(), n)]


def test_no_question_reads_all_rows_or_sorts_them(connection: sqlite3.Connection) -> None:
    queries: list[Query] = [runs_query(RunFilter(**one)) for one in some(RUNS)]  # type: ignore[arg-type]
    queries += [runs_query(RunFilter(state=state)) for state in ("open", "done", "cancelled")]
    queries += [
        letters_query(LetterFilter(**one), "webhook_dlq")  # type: ignore[arg-type]
        for one in some(LETTERS)
    ]
    queries += [
        letter_number_query(LetterFilter(**one), "webhook_dlq")  # type: ignore[arg-type]
        for one in some(LETTERS)
    ]
    queries += [events_query(EventFilter(**one)) for one in some(EVENTS)]  # type: ignore[arg-type]
    queries += [unmatched_query(UnmatchedFilter(**one)) for one in some(UNMATCHED)]  # type: ignore[arg-type]
    for query in queries:
        plan = plan_of(connection, query)
        lines = [
            line for line in plan if "json_each" not in line and "SUBQUERY" not in line.upper()
        ]
        few = "event_id" in query[0].partition("WHERE")[2] and "fql_unmatched" in query[0]
        assert few or not any("TEMP B-TREE" in line for line in plan), (query, plan)
        whole = [line for line in lines if line.startswith("SCAN") and " USING " not in line]
        assert whole in ([], ["SCAN fql_event"]), (query, plan)


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({"state": "dead"}, "fql_run_state (state=?)"),
        (
            {"state": "dead", "until": 9, "below": (5, 5)},
            "fql_run_state (state=? AND (started,number)<(?,?))",
        ),
        ({"state": "open", "observer": "watch"}, "fql_run_state (state=?)"),
        ({"observer": "watch"}, "fql_run_observer (observer=?)"),
        ({"entity": "Order", "row_key": "7"}, "fql_run_row (row_key=?)"),
        ({"event": 10}, "fql_run_event (event=? AND "),
        ({"event_id": "e1"}, "fql_event_event_id (event_id=?)"),
    ],
)
def test_runs_are_found_by_the_index_for_them(
    connection: sqlite3.Connection, wanted: dict[str, object], index: str
) -> None:
    plan = plan_of(connection, runs_query(RunFilter(**wanted)))  # type: ignore[arg-type]
    assert any(index in line for line in plan), plan


def test_counting_stops_and_reads_no_table_whole(connection: sqlite3.Connection) -> None:
    """Twice the rows take as many steps of SQLite, and no statement scans events or runs."""
    steps = []
    for first in (1, 10_003):
        add_rows(connection, first, first + 10_001)
        taken: list[int] = []
        connection.set_progress_handler(lambda taken=taken: taken.append(1), 100)  # type: ignore[misc]
        found = counts(connection, "webhook_dlq")
        connection.set_progress_handler(None, 0)
        most = MOST_COUNTED + 1
        assert (found.events, found.runs) == (most, {"dead": most, "open": most})
        assert (found.letters, found.inbox) == ({"dead": most}, 0)
        steps.append(len(taken))
    assert steps[1] <= steps[0] + 1
    asked: list[str] = []
    connection.set_trace_callback(asked.append)
    counts(connection, "webhook_dlq")
    connection.set_trace_callback(None)
    assert len(asked) > 5
    lines = [line for text in asked for line in plan_of(connection, (text, []))]
    assert not [line for line in lines if line.startswith(("SCAN fql_event", "SCAN fql_run"))]


def add_letters(
    connection: sqlite3.Connection, observer: str, error_class: str, first: int, last: int
) -> None:
    connection.execute(
        f"WITH RECURSIVE n(x) AS (SELECT {first} UNION ALL SELECT x+1 FROM n WHERE x<{last})"
        " INSERT INTO webhook_dlq(dlq_id, observer, action, class, failed_at, state)"
        " SELECT ?1 || ?2 || x, ?1, 't', ?2, x, 'dead' FROM n",
        (observer, error_class),
    )


def test_dead_letters_are_counted_from_group_to_group(connection: sqlite3.Connection) -> None:
    """By jumps through an index, each group no further than people read: twice the dead letters
    take no more steps of SQLite."""
    most = MOST_COUNTED + 1
    add_letters(connection, "a", "x", 1, 2)
    add_letters(connection, "b", "y", 1, 1)
    steps = []
    for first, last in ((1, most + 5), (most + 6, 3 * most)):
        add_letters(connection, "b", "x", first, last)
        taken: list[int] = []
        connection.set_progress_handler(lambda taken=taken: taken.append(1), 100)  # type: ignore[misc]
        found = groups(connection, "webhook_dlq")
        counted = by_observer(connection, "webhook_dlq")
        connection.set_progress_handler(None, 0)
        assert [(one.observer, one.error_class, one.number) for one in found] == [
            ("a", "x", 2), ("b", "x", most), ("b", "y", 1),
        ]  # fmt: skip
        assert (found[1].oldest, found[1].newest, counted) == (1, last, {"a": 2, "b": most})
        steps.append(len(taken))
    assert steps[1] <= 1.02 * steps[0], "a statement begins to count where its last run ended"


def add_rows(connection: sqlite3.Connection, first: int, last: int) -> None:
    """Events, three runs of each (one is done) and a dead letter."""
    span = f"WITH RECURSIVE n(x) AS (SELECT {first} UNION ALL SELECT x+1 FROM n WHERE x<{last})"
    runs = "INSERT INTO fql_run(id, state, started) SELECT x * 3 + {at}, '{state}', x FROM n"
    rows = [
        "INSERT INTO fql_event(id, event_id) SELECT x, 'e' || x FROM n",
        *(runs.format(at=at, state=state) for at, state in enumerate(("open", "done", "dead"))),
        "INSERT INTO webhook_dlq(dlq_id, state) SELECT 'd' || x, 'dead' FROM n",
    ]
    for insert in rows:
        connection.execute(f"{span} {insert}")


def test_a_start_counts_open_runs_in_an_index(connection: sqlite3.Connection) -> None:
    plan = plan_of(connection, (OPEN, []))
    assert any("USING COVERING INDEX fql_run_state (state=?)" in line for line in plan), plan
    assert "LIMIT 1000000" in OPEN
