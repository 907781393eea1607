"""What a compile leaves to the next one: for each file its units and the results of those, and the
pieces of the plan as they are in it.

It goes to bytes and back in one piece, so its values are texts, whole numbers and lists. Whoever
keeps the bytes vouches that they come back unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, cast

from fql.exact.plain import read_plain, write_plain
from fqlc.lower.pieces import Section, Written
from fqlc.syntax.reading.split import Part


class KeptUnit(NamedTuple):
    """A unit (the fields of its part, and its digest), the `names` of declarations that occur in
    it, its `key` and how many units it leans on, and, where `known` is 1, its result: findings
    and remarks in their stored form, uses as (kind, name), and how long its piece of the plan is.
    `environment` tells who uses each `${NAME}`; `limits` and each of `types` are JSON."""

    kind: str
    name: str
    named_at: int
    start: int
    end: int
    line: int
    digest: str
    names: Sequence[str]
    key: str
    reach: int
    known: int = 0
    found: Sequence[object] = ()
    remarks: Sequence[object] = ()
    uses: Sequence[Sequence[str]] = ()
    section: str = ""
    length: int = 0
    environment: Mapping[str, Sequence[str]] = {}
    limits: str = ""
    types: Mapping[str, str] = {}

    @property
    def part(self) -> Part:
        """Where it is."""
        return Part(self.kind, self.name, self.named_at, self.start, self.end, self.line)


class KeptFile(NamedTuple):
    """A file by the digest of its bytes: what it imports, its units, and the pieces of the plan
    that they gave, empty for none."""

    digest: str
    imports: Sequence[str]
    units: Sequence[KeptUnit]
    pieces: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Kept:
    """The files of a compile by path; `salt` tells of all else that the results depend on."""

    salt: str = ""
    files: Mapping[str, KeptFile] = field(default_factory=dict)


def written_piece(unit: KeptUnit, data: bytes) -> Written:
    """The piece of the plan that a unit gave."""
    section = cast("Section", unit.section)
    return Written(section, unit.name, data, unit.environment, unit.limits, unit.types)


def pack(kept: Kept) -> bytes:
    """As bytes: one line, and then all pieces."""
    files = {
        path: [file.digest, list(file.imports), [list(unit) for unit in file.units]]
        for path, file in kept.files.items()
    }
    pieces = (piece for file in kept.files.values() for piece in file.pieces)
    return b"".join((write_plain({"salt": kept.salt, "files": files}), b"\n", *pieces))


def unpack(data: bytes) -> Kept:
    """What `pack` made; nothing for no bytes. Raises ValueError, KeyError or TypeError for
    anything else."""
    if not data:
        return Kept()
    end = data.index(b"\n")
    content = read_plain(data[:end])
    files = cast("Mapping[str, tuple[str, list[str], list[list[object]]]]", content["files"])
    pieces = _Pieces(memoryview(data), end + 1)
    return Kept(
        cast("str", content["salt"]),
        {path: pieces.file(digest, imports, units)
         for path, (digest, imports, units) in files.items()},
    )  # fmt: skip


class _Pieces:
    """Cuts the pieces off, one after the other."""

    def __init__(self, data: memoryview, at: int) -> None:
        self._data, self._at = data, at

    def file(self, digest: str, imports: list[str], stored: list[list[object]]) -> KeptFile:
        units = [KeptUnit(*unit) for unit in stored]  # type: ignore[arg-type]
        return KeptFile(digest, imports, units, list(self._cut(units)))

    def _cut(self, units: Sequence[KeptUnit]) -> Iterator[bytes]:
        for unit in units:
            end = self._at + unit.length
            yield bytes(self._data[self._at : end])
            self._at = end
