"""The declarations of a project as texts, and what each leans on. Nothing is parsed here.

A declaration leans on every declaration whose name occurs in its text as a word, on what those
lean on, and on all `defaults`. That is more than it uses, and never less: names are the only way
from one declaration to another. So its own text and theirs are all that its part of an answer
depends on, and their digest is the key of that part.

What an earlier compile left about a file with the same bytes is taken from there, so that the work
grows with what changed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from typing import TypeVar

from fqlc.checks.late_contracts import LateContracts
from fqlc.incremental.contracts import Stamps
from fqlc.incremental.cutting import ProjectFile, Read, Unit, have_own_names, read_all
from fqlc.incremental.kept import Kept, KeptFile, KeptUnit, written_piece
from fqlc.incremental.leaning import Leanings, everywhere, names_in, shifted
from fqlc.lower.pieces import Written, moved
from fqlc.source.text import SourceText, Span

T = TypeVar("T")

MOST_LEANINGS = 3_000_000
"""Of a project in which everything names everything; beyond, parts save nothing."""


@dataclass(frozen=True)
class Layout:
    """All units in the order of files. `names[i]` are the names of declarations that occur in unit
    `i`, `leanings[i]` the units that it leans on, itself included, in an order that does not
    depend on where they are; `keys[i]` is their digest. `known` are results that an earlier
    compile left, by the number of their unit, and `pieces` the pieces that belong to them."""

    salt: str
    files: Mapping[str, ProjectFile]
    units: tuple[Unit, ...]
    names: Sequence[Sequence[str]]
    leanings: Leanings
    keys: Sequence[str]
    reach: Sequence[int]
    known: Mapping[int, KeptUnit]
    pieces: Mapping[int, bytes]
    contracts: Mapping[str, bytes | None] = field(default_factory=dict)
    """The files of all contracts."""

    @cached_property
    def sources(self) -> Mapping[str, SourceText]:
        """The files by path."""
        return {path: file.source for path, file in self.files.items()}

    @property
    def length(self) -> int:
        """The characters of all files."""
        return sum(len(file.source.text) for file in self.files.values())

    def near(self, number: int) -> Sequence[Unit]:
        """The units that a unit leans on, itself included."""
        return [self.units[i] for i in self.leanings[number]]

    def piece(self, number: int) -> Written:
        """The piece of the plan that is known of a unit, for where the unit is now."""
        known, unit = self.known[number], self.units[number]
        piece = written_piece(known, self.pieces[number])
        lines = unit.part.line - known.line
        return moved(piece, lines) if lines else piece


def lay_out(
    roots: Sequence[str],
    read: Read,
    salt: str,
    before: Kept | None = None,
    stamps: Stamps | None = None,
) -> Layout | None:
    """The layout of the roots and all they import; `salt` is part of each key and tells of
    everything else that an answer depends on; `before` is what the last compile left. None where
    that is not a plain project, which the whole compile then tells: a file or import is missing or
    unreadable, imports form a ring, a name is missing or declared twice."""
    earlier = before if before is not None and before.salt == salt else Kept(salt)
    stamps = stamps or Stamps(LateContracts(read))
    files = read_all(roots, read, earlier.files, stamps)
    if files is None:
        return None
    units = tuple(unit for file in files.values() for unit in file.units)
    if not have_own_names(units):
        return None
    found = _Draft(salt, files, units, earlier.files).layout()
    return None if found is None else replace(found, contracts=stamps.files(read))


class _Draft:
    """A layout in the making: what is known of files that are as they were, and what is found out
    of the others."""

    def __init__(
        self, salt: str, files: Mapping[str, ProjectFile], units: tuple[Unit, ...],
        before: Mapping[str, KeptFile],
    ) -> None:  # fmt: skip
        self._salt, self._files, self._units = salt, files, units
        self._before = before
        self._kept: list[KeptUnit | None] = []
        for file in files.values():
            self._kept += file.kept.units if file.kept else [None] * len(file.units)

    def layout(self) -> Layout | None:
        units, kept = self._units, self._kept
        names = names_in(units, [None if k is None else k.names for k in kept], self._old_names())
        leanings = Leanings(units, names)
        fresh = self._affected(names)
        keys = ["" if k is None else k.key for k in kept]
        reach = [0 if k is None else k.reach for k in kept]
        for i in fresh:
            reach[i] = len(leanings[i])
            keys[i] = _key(self._salt, units, i, leanings[i])
        if sum(reach) > MOST_LEANINGS:
            return None
        known, pieces = self._known(keys)
        return Layout(
            salt=self._salt, files=self._files, units=units, names=names, leanings=leanings,
            keys=keys, reach=reach, known=known, pieces=pieces,
        )  # fmt: skip

    def _old_names(self) -> frozenset[str]:
        return frozenset(u.name for file in self._before.values() for u in file.units)

    def _affected(self, names: Sequence[Sequence[str]]) -> Sequence[int]:
        """The units whose key may be another one than before: new ones, and what leans on a name
        whose declarations are not the same ones as before."""
        kept = self._kept
        if not self._before:
            return range(len(kept))
        before, now = self._declared()
        if everywhere(before) != everywhere(now):
            return range(len(kept))
        changed = {name for _, name, _ in before ^ now}
        fresh = {i for i, k in enumerate(kept) if k is None}
        if changed or fresh:
            old = [() if k is None else k.names for k in kept]
            fresh |= shifted(changed, self._units, names, old)
        return sorted(fresh)

    def _declared(self) -> tuple[set[tuple[str, str, str]], set[tuple[str, str, str]]]:
        """Kind, name and digest of each declaration, before and now, in files that are not as they
        were."""
        before = {
            (u.kind, u.name, u.digest)
            for path, file in self._before.items()
            if path not in self._files or self._files[path].kept is None
            for u in file.units
        }
        now = {
            (u.part.kind, u.part.name, u.digest)
            for u, kept in zip(self._units, self._kept, strict=True)
            if kept is None
        }
        return before, now

    def _known(self, keys: Sequence[str]) -> tuple[dict[int, KeptUnit], dict[int, bytes]]:
        """The results that still hold, and their pieces: those of the same key in the same
        file."""
        known: dict[int, KeptUnit] = {}
        pieces: dict[int, bytes] = {}
        number = 0
        for path, file in self._files.items():
            kept = self._before.get(path)
            if kept is not None:
                by_key = {u.key: (u, p) for u, p in zip(kept.units, kept.pieces, strict=True)}
                for at in range(number, number + len(file.units)):
                    unit, piece = by_key.get(keys[at], (None, b""))
                    if unit is not None and unit.known:
                        known[at], pieces[at] = unit, piece
            number += len(file.units)
        return known, pieces


def _key(salt: str, units: Sequence[Unit], index: int, leaning: Sequence[int]) -> str:
    digests = " ".join(units[i].digest for i in leaning)
    return sha256(f"{salt} {units[index].digest} {digests}".encode()).hexdigest()


# Places ----------------------------------------------------------------------


class Places:
    """Which unit a stretch of source is in."""

    def __init__(self, units: Mapping[int, Unit]) -> None:
        self._units = units
        self._numbers = sorted(units, key=lambda i: (units[i].path, units[i].part.start))
        self._starts = [(units[i].path, units[i].part.start) for i in self._numbers]

    def of(self, span: Span) -> int | None:
        """The number of the unit."""
        at = bisect_right(self._starts, (span.path, span.start)) - 1
        number = self._numbers[at] if at >= 0 else None
        return number if number is not None and self._units[number].holds(span) else None

    def sorted_out(self, things: Iterable[tuple[T, Span]]) -> dict[int, list[T]]:
        """The things by the unit that each is in."""
        found: dict[int, list[T]] = {}
        for thing, span in things:
            number = self.of(span)
            if number is not None:
                found.setdefault(number, []).append(thing)
        return found
