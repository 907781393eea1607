"""Copies of dead letters as JSON lines: one entry a line, fsynced, rotated at midnight UTC.

The store holds the authoritative entry; the file gets a copy at least once, keyed by `dlq_id`. One
that has left the queue gets a closing line with `closed`.
"""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class LetterFile:
    """One file of JSON lines; rotated ones have the day in their name, and `.gz` if compressed."""

    path: Path
    rotate: bool = True
    compress: bool = True

    def append(self, entries: Sequence[Mapping[str, Any]], today: date) -> None:
        """Write entries and wait until they are on the disk. Raises OSError."""
        if not entries:
            return
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._rotate_if_due(today)
        lines = b"".join(orjson.dumps(entry, default=str) + b"\n" for entry in entries)
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, lines)
            os.fsync(handle)
        finally:
            os.close(handle)

    def copied(self) -> set[tuple[str, str]]:
        """Id and time of failure of the entries in the file; a torn last line is no entry."""
        found: set[tuple[str, str]] = set()
        if not self.path.exists():
            return found
        for line in self.path.read_bytes().splitlines():
            try:
                entry = orjson.loads(line)
            except orjson.JSONDecodeError:
                continue
            found.add((str(entry.get("dlq_id")), str(entry.get("failed_at"))))
        return found

    def _rotate_if_due(self, today: date) -> None:
        if not self.rotate or not self.path.exists():
            return
        written = datetime.fromtimestamp(self.path.stat().st_mtime, UTC).date()
        if written >= today:
            return
        target = self._free_name(written)
        self.path.rename(target)
        if self.compress:
            _compress(target)

    def _free_name(self, day: date) -> Path:
        name = f"{self.path.stem}-{day.isoformat()}"
        for number in range(1_000_000):
            mark = f".{number}" if number else ""
            target = self.path.with_name(f"{name}{mark}{self.path.suffix}")
            if not target.exists() and not target.with_name(target.name + ".gz").exists():
                return target
        raise FileExistsError(f"{self.path.parent} holds too many rotated files")


def _compress(source: Path) -> None:
    """Replace a file by its compressed form; the plain one goes last, so that nothing is lost."""
    target = source.with_name(source.name + ".gz")
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as raw:
        with source.open("rb") as plain, gzip.open(raw, "wb") as packed:
            shutil.copyfileobj(plain, packed)
        raw.flush()
        os.fsync(raw.fileno())
    source.unlink()
