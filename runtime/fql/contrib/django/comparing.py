"""A system check: do the models fit the entities of the plan? No database is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.apps import apps
from django.core import checks
from django.db import connections

from fql.contrib.django import given
from fql.errors import FqlError
from fql.outbox.fitting import FitColumn, FitTable, misfits
from fql.outbox.sqlite.capture.facts import Column, Part, TableFacts
from fql.outbox.sqlite.capture.fits import fit_table
from fql.outbox.wanted import wanted_of

_AS_SQLITE = {"bytea": "BLOB", "interval": "", "point": ""}
"""Types of PostgreSQL whose words would mean something else in a declaration of SQLite."""


def compare(**_: object) -> list[Any]:
    """Warnings, one for each place that does not fit, as `fql.W501` for FQL501; an error where
    there is no plan to compare with."""
    try:
        plan = given.read().plan
    except FqlError as error:
        return [checks.Error(error.message, hint=error.hint, id="fql.E001")]
    entities = [one.entity for one in wanted_of(plan)]
    tables = _tables()
    found = {one.table: tables.get(one.table.removeprefix("public.")) for one in entities}
    present = {name: table for name, table in found.items() if table is not None}
    return [
        checks.Warning(
            f"{one.place}: {one.message}", hint=one.hint, id=f"fql.W{one.code.removeprefix('FQL')}"
        )
        for one in misfits(plan, entities, present, tuple(tables))
    ]


def _tables() -> dict[str, FitTable]:
    """The tables of all models."""
    connection = connections[given.database()]
    models = [one for one in apps.get_models(include_auto_created=True) if not one._meta.proxy]
    return {one._meta.db_table: _table(one, connection) for one in models}


def _table(model: Any, connection: Any) -> FitTable:
    fields = [one for one in model._meta.local_concrete_fields if one.db_type(connection)]
    facts = TableFacts(
        model._meta.db_table,
        {one.column: _declared(one, connection) for one in fields},
        tuple(one.column for one in _key(model)),
        tuple((Part(one.column),) for one in fields if one.unique and not one.primary_key),
    )
    fitting = fit_table(facts)
    columns = {name: _said(column) for name, column in fitting.columns.items()}
    return replace(fitting, columns=columns)


def _key(model: Any) -> Iterator[Any]:
    """The fields of the primary key: a composite one (Django 5.2) has several."""
    key = model._meta.pk
    yield from getattr(key, "fields", None) or (key,)


def _declared(field: Any, connection: Any) -> Column:
    declared = field.db_type(connection)
    choices = [str(value) for value, _ in field.flatchoices if isinstance(value, str) and value]
    return Column(_AS_SQLITE.get(declared, declared), not field.null, members=tuple(choices))


def _said(column: FitColumn) -> FitColumn:
    return replace(column, said="choices") if column.members else column
