"""The conditions of observers as WHERE clauses, to be run against the application's tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import click

from fql.plan.nodes import load_expression
from fqlc.emit.sql import NotInSqlError, where_clause


def explain_sql(plan: Mapping[str, Any], dialect: str) -> None:
    """Print a SELECT for each observer; what SQL cannot say becomes a comment that says why."""
    chosen: Literal["sqlite", "postgresql"] = "sqlite" if dialect == "sqlite" else "postgresql"
    tables = {e["name"]: e for e in plan["entities"]}
    for observer in plan["observers"]:
        entity = tables[observer["on"][0]["entity"]]
        columns = {f["name"]: f["column"] or f["name"] for f in entity["fields"]}
        click.echo(f"-- {observer['name']}")
        if observer["when"] is None:
            clause = "TRUE"
        else:
            try:
                clause = where_clause(load_expression(observer["when"]), chosen, columns)
            except NotInSqlError as error:
                click.echo(f"-- cannot be said in SQL: {error}\n")
                continue
        table = entity["table"] or entity["name"]
        click.echo(f"SELECT * FROM {table} WHERE {clause};\n")  # noqa: S608 - shown, never run
