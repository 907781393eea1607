"""Copies of dead letters as JSON lines: one entry per line, fsynced, rotated at midnight UTC.

The store holds the authoritative entry; the file gets a copy at least once, keyed by `dlq_id`. One
that has left the queue gets a closing line whose `state` says how. `letters.jsonl` is the file of
the day; earlier days are `letters-2026-03-02.jsonl.gz`.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from fql.errors import SettingsError
from fql.exact.writing import write_json

FIRST_DAY = re.compile(rb'\{"written_at":"(\d{4}-\d{2}-\d{2})T')
HEAD = 40
SYNC_FOLDER = os.O_RDONLY | os.O_DIRECTORY


@dataclass(frozen=True, slots=True)
class Removed:
    """A rotated file that was too old, or one too many."""

    path: Path
    entries: int


@dataclass(frozen=True, slots=True)
class LetterFile:
    """One file of JSON lines. `retention` (milliseconds) and `max_size` (bytes of all files) bound
    the rotated ones; `removed` is told of each that goes."""

    path: Path
    rotate: bool = True
    compress: bool = True
    retention: int | None = None
    max_size: int | None = None
    removed: Callable[[Removed], None] = lambda _gone: None

    def open(self) -> None:
        """Make the folder (0700) and the file (0600). Raises SettingsError."""
        try:
            self._make_folder()
            os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        except OSError as problem:
            raise SettingsError(
                f"the file of dead letters {self.path} cannot be written: {problem.strerror}",
                hint="correct `path` in [webhooks.dlq], or the permissions of its folder",
            ) from problem

    def append(self, entries: Sequence[Mapping[str, object]], now: datetime) -> None:
        """Write entries and wait until they are on the disk. Each begins with `written_at`.
        Raises OSError."""
        self._make_folder()
        self._rotate_if_due(now.date())
        lines = b"".join(write_json(entry) + b"\n" for entry in entries)
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "r+b") as file:
            file.write((b"\n" if _is_torn(handle) else b"") + lines)
            file.flush()
            os.fsync(handle)
        self._trim(now)

    def tend(self, now: datetime) -> None:
        """Rotate what is of an earlier day, finish what a crash left, remove what is too old."""
        self._make_folder()
        self._rotate_if_due(now.date())
        for _, path in self._rotated():
            if self.compress and self.rotate and path.suffix != ".gz":
                _compress(path)
        self._trim(now)

    def _make_folder(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _rotate_if_due(self, today: date) -> None:
        day = self._day() if self.rotate else None
        if day is None or day >= today:
            return
        target = self._free_name(day)
        self.path.rename(target)
        _sync_folder(target.parent)
        if self.compress:
            _compress(target)

    def _day(self) -> date | None:
        """The day of the first entry; None for no file or an empty one."""
        try:
            with self.path.open("rb") as file:
                head = file.read(HEAD)
        except FileNotFoundError:
            return None
        found = FIRST_DAY.match(head)
        if found is not None:
            return date.fromisoformat(found[1].decode())
        return datetime.fromtimestamp(self.path.stat().st_mtime, UTC).date() if head else None

    def _free_name(self, day: date) -> Path:
        number = 0
        while True:
            mark = f".{number}" if number else ""
            target = self.path.with_name(f"{self.path.stem}-{day}{mark}{self.path.suffix}")
            if not target.exists() and not target.with_name(target.name + ".gz").exists():
                return target
            number += 1

    def _rotated(self) -> list[tuple[str, Path]]:
        """Day and path of the rotated files, oldest first."""
        stem, suffix = re.escape(self.path.stem), re.escape(self.path.suffix)
        pattern = re.compile(rf"{stem}-(\d{{4}}-\d{{2}}-\d{{2}})(?:\.\d+)?{suffix}(?:\.gz)?")
        found = ((pattern.fullmatch(path.name), path) for path in self.path.parent.iterdir())
        return sorted((match[1], path) for match, path in found if match is not None)

    def _trim(self, now: datetime) -> None:
        if self.retention is None or self.max_size is None or not self.rotate:
            return
        oldest = (now - timedelta(milliseconds=self.retention)).date().isoformat()
        rotated = self._rotated()
        current = self.path.stat().st_size if self.path.exists() else 0
        size = current + sum(path.stat().st_size for _, path in rotated)
        for day, path in rotated:
            if day >= oldest and size <= self.max_size:
                return
            size -= path.stat().st_size
            gone = Removed(path, sum(1 for _ in _lines(path)))
            path.unlink()
            self.removed(gone)


def _is_torn(handle: int) -> bool:
    """Whether a crash left a line without its end: it is closed, so that it spoils no other."""
    size = os.fstat(handle).st_size
    return size > 0 and os.pread(handle, 1, size - 1) != b"\n"


def _lines(path: Path) -> Iterator[bytes]:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        yield from file


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, SYNC_FOLDER)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _compress(source: Path) -> None:
    """Replace a file by its compressed form, which gets its name when it is whole and on the disk;
    the plain one goes last, so nothing is lost between."""
    target = source.with_name(source.name + ".gz")
    draft = source.with_name(source.name + ".gz.draft")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as raw:
        with source.open("rb") as plain, gzip.open(raw, "wb") as packed:
            shutil.copyfileobj(plain, packed)
        raw.flush()
        os.fsync(raw.fileno())
    draft.rename(target)
    _sync_folder(target.parent)
    source.unlink()
