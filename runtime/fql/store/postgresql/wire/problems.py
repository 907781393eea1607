"""What an error of PostgreSQL means to a user of a store: what, where, why, what to do."""

from __future__ import annotations

from typing import NamedTuple

import psycopg

from fql.errors import StoreError, StoreFull, StoreGone

MANUAL = "docs/how-to/postgresql.md"


class Meaning(NamedTuple):
    """Errors with these beginnings of SQLSTATE, or with these words where a connection was refused
    (then the driver tells no SQLSTATE), and what they mean. `{where}` is the store."""

    states: tuple[str, ...]
    words: tuple[str, ...]
    message: str
    hint: str
    error: type[StoreError] = StoreError


MEANINGS = (
    Meaning(
        ("53100",), ("No space left on device",), "no space is left on the server of {where}",
        "free some space there; work resumes automatically", StoreFull,
    ),
    Meaning(
        ("25006",), ("session is read-only",), "the store {where} is read-only",
        "give the URL of the primary server: a standby takes no writes;"
        " `target_session_attrs=read-write` finds it among several hosts. Or end the setting"
        " default_transaction_read_only of this role or database",
    ),
    Meaning(
        (), ("does not support SSL", "certificate", "no encryption", "SSL error", "SSL/TLS"),
        "the server of {where} cannot be reached with the encryption that the URL asks for",
        "check `sslmode` and `sslrootcert` in the URL, and `ssl` and pg_hba.conf on the server",
    ),
    Meaning(
        ("53300",), ("too many", "connection slots"),
        "the server of {where} has no free connection",
        "raise max_connections there, or the CONNECTION LIMIT of the role or database; or end other"
        " connections",
    ),
    Meaning(
        ("42501",), ("permission denied",), "the role lacks a right in {where}",
        f"{MANUAL} lists what the role needs",
    ),
    Meaning(
        ("28",),
        ("authentication failed", "no pg_hba.conf entry", "no password supplied", 'role "'),
        "the server of {where} refuses this user",
        "check user and password in the URL, and pg_hba.conf on the server",
    ),
    Meaning(
        ("3D000",), ('" does not exist',), "the database of {where} cannot be opened",
        "create it first, or correct its name in the URL", StoreGone,
    ),
    Meaning(
        ("42P01", "3F000"), (), "the tables of {where} are gone",
        "restore them from a backup; `fqlc run` makes new ones where there are none", StoreGone,
    ),
    Meaning(
        ("57014",), (), "the server of {where} gave a statement too little time",
        "ALTER ROLE ... SET statement_timeout = 0 for the role of the store: behind a pooler"
        " fqlc cannot do so itself",
    ),
    Meaning(
        ("55P03", "40P01"), (), "the store {where} cannot be used",
        "another transaction keeps its rows or tables locked: end it",
    ),
)  # fmt: skip
AWAY = Meaning(
    ("08", "57P"), (), "the server of {where} cannot be reached",
    "check that the server runs and that host, port and network are right",
)  # fmt: skip
OTHER = Meaning((), (), "the store {where} cannot be used", "")


def translate(problem: psycopg.Error, where: str) -> StoreError:
    """The error as one of ours. `where` names the store, without password."""
    words = _words(problem)
    meant = next((one for one in MEANINGS if _is_meant(one, problem, words)), None)
    if meant is None:
        meant = AWAY if is_lost(problem) else OTHER
    return meant.error(f"{meant.message.format(where=where)}: {words}", hint=meant.hint)


def is_lost(problem: psycopg.Error) -> bool:
    """Whether the connection may have broken, so that nobody knows what became of a statement."""
    if not problem.sqlstate:
        return isinstance(problem, psycopg.OperationalError | psycopg.InterfaceError)
    return problem.sqlstate.startswith(AWAY.states)


def _is_meant(meaning: Meaning, problem: psycopg.Error, words: str) -> bool:
    if problem.sqlstate:
        return problem.sqlstate.startswith(meaning.states)
    refused = isinstance(problem, psycopg.OperationalError)
    return refused and any(one in words for one in meaning.words)


def _words(problem: psycopg.Error) -> str:
    """What the server or the driver says, on one line."""
    lines = (problem.diag.message_primary or str(problem)).split("\n")
    return "; ".join(line.strip() for line in lines if line.strip()) or type(problem).__name__
