"""What `fqlc import` writes: to standard output, or to a file, which is whole or not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fql.errors import UsageError
from fql.terminal.lines import data, json_line
from fqlc.cli.shared.writing import write_whole
from fqlc.importing.declarations import Group


@dataclass(frozen=True, slots=True)
class Printed:
    """Standard output in the form that was asked for: `text`, or `json`, one object per line."""

    form: str

    def text(self, text: str) -> None:
        """The declarations."""
        if self.form == "json":
            json_line({"text": text})
        else:
            data(text.removesuffix("\n"))

    def entities(self, groups: Sequence[Group]) -> None:
        """In JSON, one line for each entity."""
        if self.form == "json":
            for group in groups:
                entity = group.entity
                fields = sum(1 for field in entity.fields if field.type)
                json_line({"entity": entity.name, "table": entity.table, "fields": fields})


def write_new(path: str, text: str) -> None:
    """Write a file that is not there yet. Raises UsageError where it is, SurroundingsError."""
    if Path(path).exists():
        raise UsageError(f"{path} exists", hint=f"to change it: --into {path}")
    write_whole(path, text.encode())
