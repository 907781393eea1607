"""`fqlc schema`: the published JSON Schemas."""

from __future__ import annotations

import click

from fql.errors import UsageError
from fql.near import did_you_mean
from fql.terminal.lines import data, raw


@click.command(epilog="\b\nExamples:\n  fqlc schema\n  fqlc schema fql-check/1\n"
               "  fqlc schema fql-toml > fql-toml.schema.json")  # fmt: skip
@click.argument("name", required=False, metavar="[NAME]")
def schema(name: str | None) -> None:
    """Print a published JSON Schema, or the names of all.

    What commands write with `--format json` is a promise: each line is valid by the schema of its
    format. Fields may be added; anything else gets a new number. `fql-toml` is the schema of
    `fql.toml`, for editors.
    """
    from fql.published.schemas import PUBLISHED, schema_text

    if name is None:
        for known in PUBLISHED:
            data(known)
        return
    found = name if name in PUBLISHED else f"{name}/1"
    if found not in PUBLISHED:
        hint = did_you_mean(name, list(PUBLISHED)) or "`fqlc schema` lists all"
        raise UsageError(f"there is no schema {name}", hint=hint)
    raw(schema_text(found).encode())
