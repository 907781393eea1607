"""Is a store sound: its file, and what its rows refer to."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from fql.errors import PlanError
from fql.store.plans import plan_of
from fql.store.sqlite.files import holds_store, read_only, translate
from fql.store.sqlite.format import format_of
from fql.store.sqlite.reading.read import plans
from fql.store.works import decode_works

MOST = 20
"""Faults of one kind that are told one by one."""
_WITHOUT_EVENT = """SELECT id FROM fql_run WHERE ended IS NULL
  AND event NOT IN (SELECT id FROM fql_event)"""
_WITHOUT_PLAN = """SELECT DISTINCT plan FROM fql_run WHERE ended IS NULL
  AND plan NOT IN (SELECT short FROM fql_plan)"""
_OPEN = "SELECT id, works FROM fql_run WHERE ended IS NULL"


def faults_of(path: Path) -> list[str]:
    """What is wrong with a store; nothing is changed, and an engine may be at work. Raises
    StoreError for what is not a store of a format that this version reads."""
    holds_store(path)
    try:
        with closing(read_only(path)) as connection:
            format_of(connection, path)
            connection.execute("BEGIN")
            verdicts = [row[0] for row in connection.execute(f"PRAGMA integrity_check({MOST})")]
            if verdicts != ["ok"]:
                return [f"the file is damaged: {one}" for one in verdicts]
            return [*_dangling(connection), *_unreadable(connection), *_plans(connection)]
    except sqlite3.Error as problem:
        raise translate(problem, path) from problem


def _dangling(connection: sqlite3.Connection) -> list[str]:
    runs = [f"the open run {row[0]:x} has no event" for row in connection.execute(_WITHOUT_EVENT)]
    lost = [f"runs need the plan {row[0]}, which is gone" for row in
            connection.execute(_WITHOUT_PLAN)]  # fmt: skip
    return [*runs[:MOST], *lost[:MOST]]


def _unreadable(connection: sqlite3.Connection) -> list[str]:
    found = []
    for number, works in connection.execute(_OPEN):
        try:
            decode_works(works)
        except ValueError:
            found.append(f"the actions of the open run {number:x} cannot be read")
    return found[:MOST]


def _plans(connection: sqlite3.Connection) -> list[str]:
    found = []
    for stored in plans(connection):
        try:
            plan_of(stored)
        except PlanError as problem:
            found.append(f"the plan {stored.short}: {problem.message}")
    return found
