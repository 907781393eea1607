"""The declarations of a project as texts, and what each leans on. Nothing is parsed here.

A declaration leans on every declaration whose name occurs in its text as a word, on what those
lean on, and on all `defaults`. That is more than it uses, and never less: names are the only way
from one declaration to another. So its own text and theirs are all that its part of an answer
depends on, and their digest is the key of that part.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from hashlib import sha256
from typing import TypeVar

from fql.plan.kinds import NATS, PUBLISH
from fqlc.diagnostics.sink import Sink
from fqlc.names.imports import normal_path, target_path
from fqlc.names.project import TYPE_KINDS
from fqlc.source.text import SourceText, Span
from fqlc.syntax.parsing.sources import read_source
from fqlc.syntax.reading.split import NAMED, Part, split

Read = Callable[[str], bytes | None]

T = TypeVar("T")

MOST_LEANINGS = 3_000_000
"""Of a project in which everything names everything; beyond, parts save nothing."""

_WORD = re.compile(r"\w+")
_ESCAPE = re.compile(r"\\[nrt]")
_TITLED = re.compile(r"test[ \t]+([\"'])([^\"'\\\n]+)\1")
_IMPORTED = re.compile(r"import[ \t]+([\"'])([^\"'\\\n$]+)\1")


@dataclass(frozen=True, slots=True)
class Unit:
    """A declaration where it is. `text` is what was written, `digest` covers that and the
    path of the file."""

    path: str
    part: Part
    text: str
    digest: str

    def holds(self, span: Span) -> bool:
        """True for a stretch within this unit."""
        return span.path == self.path and self.part.start <= span.start <= span.end <= self.part.end


@dataclass(frozen=True)
class Layout:
    """All units in the order of files. `leanings[i]` are the units that unit `i` leans on, itself
    included, in an order that does not depend on where they are; `keys[i]` is their digest."""

    sources: Mapping[str, SourceText]
    units: tuple[Unit, ...]
    leanings: tuple[tuple[int, ...], ...]
    keys: tuple[str, ...]

    @property
    def length(self) -> int:
        """The characters of all files."""
        return sum(len(source.text) for source in self.sources.values())

    def near(self, number: int) -> Sequence[Unit]:
        """The units that a unit leans on, itself included."""
        return [self.units[i] for i in self.leanings[number]]


def lay_out(roots: Sequence[str], read: Read, salt: str) -> Layout | None:
    """The layout of the roots and all they import; `salt` is part of each key and tells of
    everything else that an answer depends on. None where that is not a plain project, which the
    whole compile then tells: a file or import is missing or unreadable, imports form a ring, a name
    is missing or declared twice."""
    files = _read_all(roots, read)
    if files is None:
        return None
    units = tuple(unit for path in sorted(files) for unit in files[path].units)
    if not _have_own_names(units):
        return None
    leanings = _leanings(units)
    if leanings is None:
        return None
    keys = (_key(salt, units, i, leaning) for i, leaning in enumerate(leanings))
    sources = {path: file.source for path, file in files.items()}
    return Layout(sources, units, leanings, tuple(keys))


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


# Files -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _File:
    """A file, its units, and the files that it imports."""

    source: SourceText
    units: tuple[Unit, ...]
    imports: tuple[str, ...]


def _read_all(roots: Sequence[str], read: Read) -> dict[str, _File] | None:
    """Every file by its path; None when one is not to be had or they import each other."""
    files: dict[str, _File] = {}
    waiting = [normal_path(root) for root in roots]
    while waiting:
        path = waiting.pop()
        if path not in files:
            file = _file(path, read(path))
            if file is None:
                return None
            files[path] = file
            waiting += file.imports
    return None if _has_ring({path: file.imports for path, file in files.items()}) else files


def _has_ring(imports: Mapping[str, Sequence[str]]) -> bool:
    try:
        TopologicalSorter(imports).prepare()
    except CycleError:
        return True
    return False


def _file(path: str, data: bytes | None) -> _File | None:
    source = None if data is None else read_source(path, data, Sink())
    if source is None:
        return None
    units = tuple(_units(source))
    written = [_IMPORTED.match(unit.text) for unit in units if unit.part.kind == "import"]
    imports = tuple(target_path(path, found[2]) for found in written if found)
    return _File(source, units, imports) if len(imports) == len(written) else None


def _units(source: SourceText) -> Iterator[Unit]:
    for part in split(source.text):
        text = source.text[part.start : part.end]
        yield Unit(source.path, part, text, sha256(f"{source.path}\0{text}".encode()).hexdigest())


def _have_own_names(units: Sequence[Unit]) -> bool:
    """True when every declaration has the name or title that its kind wants, and no other of its
    kind has it."""
    seen: set[tuple[str, str]] = set()
    for unit in units:
        kind = "type" if unit.part.kind in TYPE_KINDS else unit.part.kind
        name = _title(unit) if kind == "test" else unit.part.name
        if (kind in NAMED or kind == "test") and (not name or (kind, name) in seen):
            return False
        seen.add((kind, name))
    return True


def _title(unit: Unit) -> str:
    """The title of a test, empty where it is not plain to see."""
    found = _TITLED.match(unit.text, unit.part.named_at - unit.part.start)
    return found[2] if found else ""


# What leans on what ----------------------------------------------------------


def _leanings(units: Sequence[Unit]) -> tuple[tuple[int, ...], ...] | None:
    declared: dict[str, list[int]] = {}
    for index, unit in enumerate(units):
        if unit.part.name:
            declared.setdefault(unit.part.name, []).append(index)
    everywhere = [i for i, unit in enumerate(units) if unit.part.kind == "defaults"]
    direct = [[*everywhere, *_named(unit, declared)] for unit in units]
    found: list[tuple[int, ...]] = []
    total = 0
    for index in range(len(units)):
        reached = _reached(index, direct)
        total += len(reached)
        if total > MOST_LEANINGS:
            return None
        found.append(tuple(sorted(reached, key=lambda i: (units[i].digest, i))))
    return tuple(found)


def _named(unit: Unit, declared: Mapping[str, Sequence[int]]) -> Iterator[int]:
    """The declarations whose names occur; all of them where a text may spell one by `\\u{...}`."""
    if unit.part.kind in ("", "import"):
        return
    words = set(_WORD.findall(_ESCAPE.sub(" ", unit.text)))
    if PUBLISH in words:  # it sends to an endpoint that it does not name
        words.add(NATS)
    names = declared if "\\u" in unit.text else declared.keys() & words
    for name in names:
        yield from declared[name]


def _reached(start: int, direct: Sequence[Sequence[int]]) -> set[int]:
    reached, waiting = {start}, [start]
    while waiting:
        for index in direct[waiting.pop()]:
            if index not in reached:
                reached.add(index)
                waiting.append(index)
    return reached


def _key(salt: str, units: Sequence[Unit], index: int, leaning: Sequence[int]) -> str:
    digests = " ".join(units[i].digest for i in leaning)
    return sha256(f"{salt} {units[index].digest} {digests}".encode()).hexdigest()
