"""Facts of SQLite tables as a catalog. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from fql.outbox.sqlite.capture.facts import Column as Fact
from fql.outbox.sqlite.capture.facts import TableFacts
from fql.outbox.sqlite.capture.fits import fit_table
from fqlc.importing.model import Catalog, Column, Enumeration, Kind, Table
from fqlc.importing.naming import entity_name, pascal

_TYPES = (
    (("INT",), "Int"), (("CHAR", "CLOB", "TEXT"), "String"), (("BOOL",), "Boolean"),
    (("UUID", "GUID"), "UUID"), (("JSON",), "JSON"), (("REAL", "FLOA", "DOUB"), "Float"),
    (("DATETIME", "TIMESTAMP"), "DateTime"), (("DATE",), "Date"), (("DEC", "NUM"), "Decimal"),
)  # fmt: skip
"""By words in what a column is declared as: the first that is found counts."""


def catalog_of(facts: Iterable[TableFacts], *, views: bool) -> Catalog:
    """The tables, and the views if they are asked for."""
    enums: dict[str, Enumeration] = {}
    problems, tables = [], []
    for fact in facts:
        if fact.kind == "view" and not views:
            continue
        if "." in fact.name:
            problems.append(f"table `{fact.name}` cannot be named after `from`: it has a dot")
            continue
        columns = tuple(_column(fact, name, one, enums) for name, one in fact.columns.items())
        fits = fit_table(fact)
        tables.append(Table(fact.name, columns, fact.primary_key, fits=fits))
    return Catalog(tuple(tables), enums, problems=tuple(problems))


def _column(
    table: TableFacts, name: str, fact: Fact, enums: dict[str, Enumeration]
) -> Column:  # fmt: skip
    declared = fact.declared.upper()
    if "BLOB" in declared and "INT" not in declared:
        return Column(name, Kind(), left_out=f"{fact.declared}: an event holds no bytes")
    kind = Kind(next((type_ for words, type_ in _TYPES if _any(words, declared)), "String"))
    if fact.members and kind.name == "String":
        key = f"{table.name}.{name}"
        enums[key] = Enumeration(entity_name(table.name) + pascal(name), fact.members)
        kind = Kind(key=key)
    notes = () if declared else (f"`{name}` is declared without a type: only texts fit",)
    return Column(
        name, kind, nullable=not fact.not_null and name not in table.primary_key, notes=notes
    )


def _any(words: Iterable[str], declared: str) -> bool:
    return any(word in declared for word in words)
