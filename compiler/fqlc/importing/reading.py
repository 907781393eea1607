"""From a source, of whatever kind, to its catalog: the one table of readers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial

from fql.errors import UsageError
from fql.near import did_you_mean
from fqlc.importing.failures import ImportFailed
from fqlc.importing.model import Catalog
from fqlc.importing.observers.drafts import Drafts
from fqlc.importing.recognising import existing, file_of_sqlite, kind_of

OF_OBSERVERS = ("hasura", "decorators")
"""Kinds of sources that hold observers."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: globs of tables (none: all), whether views count, the dialect of DDL, the
    Python that imports modules of the user, and whether templates that are one name become bare;
    `database` has the tables that observers are over."""

    tables: Sequence[str] = ()
    views: bool = False
    dialect: str = ""
    python: str = ""
    bare: bool = False
    database: str = ""


def read_catalog(kind: str, sources: Sequence[str], wish: Wish) -> Catalog:
    """What the sources hold, tables sorted by name. Raises ImportFailed, SourceMissing,
    StoreError, UsageError."""
    found = [_READERS[kind](source, wish) for source in sources]
    tables = sorted((t for one in found for t in one.tables), key=lambda table: table.name)
    whole = Catalog(
        tuple({table.name: table for table in tables}.values()),
        {key: enum for one in found for key, enum in one.enums.items()},
        {key: record for one in found for key, record in one.records.items()},
        tuple(problem for one in found for problem in one.problems),
        tuple(remark for one in found for remark in one.remarks),
    )
    return _chosen(whole, wish.tables)


def read_drafts(kind: str, sources: Sequence[str], wish: Wish) -> Drafts:
    """The observers of the sources, with their entities. Raises ImportFailed, SourceMissing."""
    paths = [existing(source) for source in sources]
    if kind == "decorators":
        from fqlc.importing.observers.decorators import read_decorators

        return read_decorators(paths, bare=wish.bare)
    from fqlc.importing.observers.hasura import read_hasura

    if not wish.database:
        raise UsageError("metadata names no columns", hint="say where they are: --database URL")
    return read_hasura(paths, read_catalog(kind_of(wish.database), [wish.database], Wish()))


def _chosen(catalog: Catalog, globs: Sequence[str]) -> Catalog:
    """The tables that the globs name; without globs all of them."""
    if not globs:
        return catalog
    names = named(catalog, globs)
    return replace(catalog, tables=tuple(t for t in catalog.tables if t.name in names))


def named(catalog: Catalog, globs: Sequence[str]) -> frozenset[str]:
    """The names of the tables that globs name. Raises ImportFailed for a glob that names none."""
    for glob in globs:
        if not any(_fits_glob(table.name, glob) for table in catalog.tables):
            near = did_you_mean(glob, [table.name for table in catalog.tables])
            raise ImportFailed(
                f"no table is called `{glob}`", near or "leave out --table to see them all"
            )
    return frozenset(t.name for t in catalog.tables if any(_fits_glob(t.name, g) for g in globs))


def _fits_glob(table: str, glob: str) -> bool:
    bare = table.rpartition(".")[2]
    return fnmatchcase(table, glob.removeprefix("public.")) or fnmatchcase(bare, glob)


def _sqlite(source: str, wish: Wish) -> Catalog:
    from fqlc.importing.sqlite.live import read_file

    return read_file(file_of_sqlite(source), views=wish.views)


def _postgresql(source: str, wish: Wish) -> Catalog:
    from fqlc.importing.postgresql.live import read_server

    return read_server(source, views=wish.views)


def _sql(source: str, wish: Wish) -> Catalog:
    from fqlc.importing.ddl import dialect_of, read_text

    text = read_text(existing(source))
    dialect = wish.dialect or dialect_of(text, source)
    if dialect == "sqlite":
        from fqlc.importing.sqlite.ddl import read_statements

        return read_statements(text, source, views=wish.views)
    from fqlc.importing.postgresql.ddl import read_dump

    return read_dump(text, source)


def _json_schema(source: str, wish: Wish) -> Catalog:
    from fqlc.importing.schemas.json_schema import read_schema

    del wish
    return read_schema(existing(source))


def _module(kind: str, source: str, wish: Wish) -> Catalog:
    from fqlc.importing.modules.running import read_module

    return read_module(kind, source, wish.python)


_READERS: Mapping[str, Callable[[str, Wish], Catalog]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "sql": _sql,
    "json-schema": _json_schema,
    "sqlalchemy": partial(_module, "sqlalchemy"),
    "django": partial(_module, "django"),
    "pydantic": partial(_module, "pydantic"),
}
