"""From a source, of whatever kind, to its catalog: the one table of readers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from fql.near import did_you_mean
from fqlc.importing.failures import ImportFailed
from fqlc.importing.model import Catalog
from fqlc.importing.recognising import existing, file_of_sqlite


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: globs of tables (none: all), whether views count, the dialect of DDL, and
    the Python that imports modules of the user."""

    tables: Sequence[str] = ()
    views: bool = False
    dialect: str = ""
    python: str = ""


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


def _chosen(catalog: Catalog, globs: Sequence[str]) -> Catalog:
    """The tables that the globs name; without globs all of them."""
    if not globs:
        return catalog
    names = named(catalog, globs)
    return replace(catalog, tables=tuple(t for t in catalog.tables if t.name in names))


def named(catalog: Catalog, globs: Sequence[str]) -> frozenset[str]:
    """The names of the tables that globs name. Raises ImportFailed for a glob that names none."""
    for glob in globs:
        if not any(_named(table.name, glob) for table in catalog.tables):
            near = did_you_mean(glob, [table.name for table in catalog.tables])
            raise ImportFailed(f"no table is called `{glob}`", near or "see them without --table")
    return frozenset(t.name for t in catalog.tables if any(_named(t.name, g) for g in globs))


def _named(table: str, glob: str) -> bool:
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


_READERS: Mapping[str, Callable[[str, Wish], Catalog]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "sql": _sql,
}
