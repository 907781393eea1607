"""How much an SQLite store holds, counted along indexes and no further than people read."""

from __future__ import annotations

import sqlite3

from fql.store.choosing import LetterGroup
from fql.store.port import MOST_COUNTED, Counts

Name = tuple[str, str, str]
"""Observer, action and class."""
EVENTS = "fql_event INDEXED BY fql_event_event_id WHERE event_id >= ''"
RUNS = "fql_run INDEXED BY fql_run_state WHERE state <> 'done'"
LETTERS = "{letters} INDEXED BY {letters}_state WHERE state <> ''"
NEXT_STATE = "SELECT min(state) FROM {rows} AND state > ?"
NEXT_GROUP = tuple(
    f"SELECT observer, action, class FROM {{rows}} WHERE {after}"  # noqa: S608
    " ORDER BY observer, action, class LIMIT 1"
    for after in (
        "observer = ? AND action = ? AND class > ?", "observer = ? AND action > ?", "observer > ?",
    )
)  # fmt: skip
"""The next class of an action, else the next action, else the next observer. Not one comparison of
all three: SQLite would go through all rows of the group that it comes from."""
OF_GROUP = "observer = ? AND action = ? AND class = ?"
_OF = "observer = ?1 AND action = ?2 AND class = ?3"
TIMES = f"""SELECT (SELECT min(failed_at) FROM {{rows}} WHERE {_OF}),
  (SELECT max(failed_at) FROM {{rows}} WHERE {_OF})"""  # noqa: S608
FEW = f"SELECT count(*) FROM (SELECT 1 FROM {{rows}} LIMIT {MOST_COUNTED + 1})"  # noqa: S608


def counts(connection: sqlite3.Connection, letters: str) -> Counts:
    """How much there is, each number as far as `Counts` goes."""
    return Counts(
        few(connection, EVENTS),
        _by_state(connection, RUNS),
        _by_state(connection, LETTERS.format(letters=letters)),
        few(connection, "fql_inbox"),
        frozenset(name for (name,) in connection.execute("SELECT name FROM fql_pause")),
    )


def groups(connection: sqlite3.Connection, letters: str) -> list[LetterGroup]:
    """Dead letters by observer, action and class: from one group to the next by jumps through the
    index, each counted as far as `Counts` goes."""
    found: list[LetterGroup] = []
    name = _next_group(connection, letters, ("", "", ""))
    while name is not None:
        number = few(connection, f"{letters} WHERE {OF_GROUP}", *name)
        times = connection.execute(TIMES.format(rows=letters), name).fetchone()
        found.append(LetterGroup(*name, number, *times))
        name = _next_group(connection, letters, name)
    return found


def _next_group(connection: sqlite3.Connection, letters: str, name: Name) -> Name | None:
    for at, query in enumerate(NEXT_GROUP):
        row = connection.execute(query.format(rows=letters), name[: len(name) - at]).fetchone()
        if row is not None:
            return row[0], row[1], row[2]
    return None


def by_observer(connection: sqlite3.Connection, letters: str) -> dict[str, int]:
    """Dead letters of each observer, in the same way."""
    found: dict[str, int] = {}
    rows = f"SELECT min(observer) FROM {letters} WHERE observer"  # noqa: S608
    name = connection.execute(f"{rows} >= ''").fetchone()[0]
    while name is not None:
        found[name] = few(connection, f"{letters} WHERE observer = ?", name)
        name = connection.execute(f"{rows} > ?", (name,)).fetchone()[0]
    return found


def few(connection: sqlite3.Connection, rows: str, *values: str) -> int:
    """How many of these `rows` there are; it stops after `MOST_COUNTED`."""
    return int(connection.execute(FEW.format(rows=rows), values).fetchone()[0])


def _by_state(connection: sqlite3.Connection, rows: str) -> dict[str, int]:
    """The states that there are, by jumps through the index, each with its number of rows."""
    found: dict[str, int] = {}
    last = ""
    while last is not None:
        last = connection.execute(NEXT_STATE.format(rows=rows), (last,)).fetchone()[0]
        if last is not None:
            found[last] = few(connection, f"{rows} AND state = ?", last)
    return found
