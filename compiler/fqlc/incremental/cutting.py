"""The files of a project cut into units, those that have not changed as they were cut before."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from hashlib import sha256
from typing import NamedTuple

from fqlc.diagnostics.sink import Sink
from fqlc.incremental.kept import KeptFile
from fqlc.names.imports import normal_path, target_path
from fqlc.names.project import TYPE_KINDS
from fqlc.source.text import SourceText, Span
from fqlc.syntax.parsing.sources import read_source
from fqlc.syntax.reading.split import NAMED, Part, split

Read = Callable[[str], bytes | None]

Stamp = Callable[[str, str], str | None]
"""The digest of the contracts that a text in a file names, empty for none; None where it may name
one that cannot be told."""

_TITLED = re.compile(r"test[ \t]+([\"'])([^\"'\\\n]+)\1")
_IMPORTED = re.compile(r"import[ \t]+([\"'])([^\"'\\\n$]+)\1")


class Unit(NamedTuple):
    """A declaration where it is. `text` is what was written, `digest` covers that, the path of
    the file, and the contracts that it names."""

    path: str
    part: Part
    text: str
    digest: str

    def holds(self, span: Span) -> bool:
        """True for a stretch within this unit."""
        return span.path == self.path and self.part.start <= span.start <= span.end <= self.part.end


class ProjectFile(NamedTuple):
    """A file, the digest of its bytes and of its contracts, its units, and the files that it
    imports. `kept` is what the last compile left of it if these were the same."""

    source: SourceText
    digest: str
    units: tuple[Unit, ...]
    imports: Sequence[str]
    kept: KeptFile | None = None


def read_all(
    roots: Sequence[str], read: Read, before: Mapping[str, KeptFile], stamp: Stamp
) -> dict[str, ProjectFile] | None:
    """Every file in the order of paths; None when one is not to be had or they import each
    other, or a contract is named in a way that only the compiler reads."""
    files: dict[str, ProjectFile] = {}
    waiting = [normal_path(root) for root in roots]
    while waiting:
        path = waiting.pop()
        if path not in files:
            file = _file(path, read(path), before.get(path), stamp)
            if file is None:
                return None
            files[path] = file
            waiting += file.imports
    imports = {path: file.imports for path, file in files.items() if file.imports}
    return None if _has_ring(imports) else {path: files[path] for path in sorted(files)}


def have_own_names(units: Sequence[Unit]) -> bool:
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


def _has_ring(imports: Mapping[str, Sequence[str]]) -> bool:
    try:
        TopologicalSorter(imports).prepare()
    except CycleError:
        return True
    return False


def _file(
    path: str, data: bytes | None, before: KeptFile | None, stamp: Stamp
) -> ProjectFile | None:
    source = None if data is None else read_source(path, data, Sink())
    stamped = None if source is None else stamp(path, source.text)
    if source is None or data is None or stamped is None:
        return None
    digest = sha256(data).hexdigest() + stamped
    if before is not None and before.digest == digest:
        units = tuple(
            Unit(path, u.part, source.text[u.start : u.end], u.digest) for u in before.units
        )
        return ProjectFile(source, digest, units, before.imports, before)
    units = tuple(_units(source, stamp))
    written = [_IMPORTED.match(unit.text) for unit in units if unit.part.kind == "import"]
    imports = tuple(target_path(path, found[2]) for found in written if found)
    return ProjectFile(source, digest, units, imports) if len(imports) == len(written) else None


def _units(source: SourceText, stamp: Stamp) -> Iterator[Unit]:
    for part in split(source.text):
        text = source.text[part.start : part.end]
        whole = f"{source.path}\0{text}{stamp(source.path, text)}"
        yield Unit(source.path, part, text, sha256(whole.encode()).hexdigest())


def _title(unit: Unit) -> str:
    """The title of a test, empty where it is not plain to see."""
    found = _TITLED.match(unit.text, unit.part.named_at - unit.part.start)
    return found[2] if found else ""
