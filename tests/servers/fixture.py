"""The servers that tests are given, or why they are skipped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.servers import nats, postgresql, programs
from tests.servers.databases import OWN, Databases

OWN_NATS = "FQL_NATS_URL"


@contextmanager
def nats_ready() -> Iterator[str]:
    """The address of your NATS server, where `$FQL_NATS_URL` names one; else of ours."""
    own = os.environ.get(OWN_NATS)
    if own:
        yield own
        return
    try:
        with nats.running() as server:
            yield server.url
    except programs.ServerMissing as missing:
        pytest.skip(str(missing))


@contextmanager
def ready(major: int | None = None) -> Iterator[Databases]:
    """Your server, where `$FQL_POSTGRES_URL` names one and no version is asked for; else ours."""
    own = os.environ.get(OWN)
    if own and major is None:
        yield _yours(own)
        return
    try:
        with postgresql.running(major=major) as server:
            yield server
    except programs.ServerMissing as missing:
        pytest.skip(str(missing))


def _yours(url: str) -> Databases:
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            role = connection.execute(
                "SELECT rolsuper OR rolcreatedb AND rolcreaterole FROM pg_roles"
                " WHERE rolname = current_user"
            ).fetchone()
    except psycopg.OperationalError as problem:
        raise programs.ServerFailed(f"{OWN}: {problem}") from problem
    if role != (True,):
        raise programs.ServerFailed(f"the role of {OWN} may not create databases and roles")
    return Databases(url)
