"""What the schema, tables, functions and triggers of a project are called in PostgreSQL."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from fql.outbox.project import DEFAULT_PROJECT

LONGEST = 63
"""Bytes of a name; PostgreSQL cuts longer ones without an error."""


@dataclass(frozen=True, slots=True)
class Names:
    """All of them are in a schema of the project's own, except for triggers. Their names begin with
    `!`, so that they fire before those of the application."""

    project: str = DEFAULT_PROJECT

    @property
    def schema(self) -> str:
        """The project's schema."""
        return f"fql_{self.project}"

    @property
    def outbox(self) -> str:
        """Rows are events that wait."""
        return f"{self.schema}.outbox"

    @property
    def source(self) -> str:
        """One row: what this outbox is, and who reads it."""
        return f"{self.schema}.source"

    @property
    def sequence(self) -> str:
        """The sequence that numbers the rows of the outbox."""
        return f"{self.schema}.outbox_seq_seq"

    def function(self, entity: str) -> str:
        """The function that captures rows of an entity, without its schema."""
        return _fitting(f"capture_{entity}")

    def trigger(self, entity: str, event: str) -> str:
        """A trigger of an entity. A project's name holds no dot, so no two projects share a
        name."""
        return _fitting(f"!fql_{self.project}.{entity}.{event}")


def project_of(schema: str) -> str:
    """The project whose schema this is."""
    return schema.removeprefix("fql_")


def _fitting(name: str) -> str:
    data = name.encode()
    if len(data) <= LONGEST:
        return name
    digest = hashlib.sha256(data).hexdigest()[:8]
    return f"{data[: LONGEST - 9].decode(errors='ignore')}_{digest}"
