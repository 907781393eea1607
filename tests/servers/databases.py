"""Databases and roles of tests, on a server that we started or on one of your own."""

from __future__ import annotations

import itertools
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

OWN = "FQL_POSTGRES_URL"
_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Role:
    """Somebody who may log in with a password."""

    name: str
    password: str = field(repr=False)

    def url(self, of: str) -> str:
        """The same place as `of`, for this role."""
        parts = urlsplit(of)
        place = parts.netloc.rpartition("@")[2]
        if place:
            who = f"{self.name}:{quote(self.password)}"
            return f"postgresql://{who}@{place}{parts.path}" + _query(parts.query)
        kept = "&".join(p for p in parts.query.split("&") if not p.startswith("user="))
        return f"postgresql://{parts.path}?{kept}&user={self.name}&password={quote(self.password)}"


def _query(text: str) -> str:
    return f"?{text}" if text else ""


class Databases:
    """A server on which tests have databases and roles of their own. `admin` is the url of one
    that may create both."""

    def __init__(self, admin: str) -> None:
        self.admin = admin

    def url(self, database: str) -> str:
        """The url of a database for the one who may do everything."""
        parts = urlsplit(self.admin)
        return f"postgresql://{parts.netloc}/{database}" + _query(parts.query)

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """A new database, a copy of `template`; it is dropped afterwards. Gives its url."""
        name = _fresh("test")
        self._administer("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, template)
        try:
            yield self.url(name)
        finally:
            self._administer("DROP DATABASE {} WITH (FORCE)", name)

    @contextmanager
    def role(self, options: str = "") -> Iterator[Role]:
        """A new role that may log in and nothing else but `options` (`CREATEDB`, ...). It is
        dropped afterwards, so a database in which it owns or may something ends before."""
        role = Role(_fresh("role"), secrets.token_hex(8))
        with psycopg.connect(self.admin, autocommit=True) as connection:
            text = sql.SQL("CREATE ROLE {} LOGIN {} PASSWORD {}").format(
                sql.Identifier(role.name),
                sql.SQL(options),
                sql.Literal(role.password),
            )
            connection.execute(text)
        try:
            yield role
        finally:
            self._administer("DROP ROLE {}", role.name)

    def _administer(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            text = sql.SQL(statement).format(*map(sql.Identifier, names))
            connection.execute(text)


def _fresh(what: str) -> str:
    return f"{what}_{os.getpid()}_{next(_NUMBERS)}"
