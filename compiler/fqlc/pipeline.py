"""The whole compile on one page. Pure: files and settings come in as arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fql.collector import collector_at_rest
from fql.version import VERSION
from fqlc.checks.catalogue import run_rules
from fqlc.checks.late_contracts import LateContracts
from fqlc.checks.model import Program, Surroundings
from fqlc.checks.reading.program import read_program
from fqlc.diagnostics.compilation import Compilation
from fqlc.diagnostics.model import Diagnostic, Severity
from fqlc.diagnostics.sink import Sink
from fqlc.diagnostics.suppress import Remark, suppress
from fqlc.names.imports import load_project
from fqlc.names.project import Project, resolve_project
from fqlc.names.symbols import Listener
from fqlc.source.files import CONTRACT_SUFFIXES, FileNames
from fqlc.source.text import SourceText
from fqlc.syntax.parsing.sources import read_source
from fqlc.types.infer import check_fields, check_lets

if TYPE_CHECKING:
    from fqlc.lower.pieces import Written


Read = Callable[[str], bytes | None]
"""The bytes of a file by its path, or None where there is none that can be read."""
Passed = Callable[[str], None]
"""Is told the name of each pass that has ended."""


def _nobody(_: str) -> None:
    """Nobody asked how it goes on."""


@dataclass(frozen=True)
class Examined:
    """What the passes found, before comments silence any of it. `program` is the model that rules
    saw and lowering takes."""

    program: Program
    found: tuple[Diagnostic, ...]
    remarks: tuple[Remark, ...]
    sources: Mapping[str, SourceText] = field(repr=False)


@dataclass(frozen=True)
class Checked:
    """What a check found. `program` is the model that rules saw and lowering takes."""

    program: Program
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, SourceText] = field(repr=False)
    names: FileNames = field(default_factory=FileNames)

    @property
    def has_errors(self) -> bool:
        """True when there is no plan."""
        return any(d.severity is Severity.ERROR for d in self.diagnostics)


def examine_project(
    roots: Sequence[str],
    read: Read,
    surroundings: Surroundings | None = None,
    listener: Listener | None = None,
    contracts: LateContracts | None = None,
    *,
    passed: Passed = _nobody,
) -> Examined:
    """Read, parse, resolve, type and check the files and what they import."""
    sink = Sink()
    texts = _Texts(read)
    with collector_at_rest():
        files = load_project(sorted(roots), texts.read, sink)
        passed("syntax")
        project: Project = resolve_project(files, sink, listener=listener)
        passed("names")
        around = surroundings or Surroundings()
        check_lets(project, sink)
        check_fields(project, sink)
        passed("types")
        contracts = contracts or LateContracts(read, around.shelf)
        own = [f.path for f in files if f.path in roots]
        program = read_program(project, sink, around, contracts, own)
        passed("declarations")
        run_rules(program, sink)
        passed("rules")
        contracts.keep()
    remarks = tuple(Remark(c.span, c.text) for f in files for c in f.comments)
    sources = {**texts.sources(), **labelled(sink.found, read)}
    return Examined(program, sink.found, remarks, sources)


def check_project(
    roots: Sequence[str],
    read: Read,
    surroundings: Surroundings | None = None,
    listener: Listener | None = None,
    contracts: LateContracts | None = None,
    *,
    passed: Passed = _nobody,
) -> Checked:
    """Examine the files, and leave out what comments silence. The `listener` is told of each
    expression; `contracts` are those that the caller goes on asking afterwards."""
    seen = examine_project(roots, read, surroundings, listener, contracts, passed=passed)
    found = suppress(seen.found, seen.remarks, seen.sources)
    names = surroundings.names if surroundings else FileNames()
    return Checked(seen.program, found, seen.sources, names)


def compile_project(
    roots: Sequence[str], read: Read, surroundings: Surroundings | None = None
) -> Compilation:
    """Check, and without errors lower and seal the plan."""
    checked = check_project(roots, read, surroundings)
    return Compilation(plan_of(checked), checked.diagnostics, checked.sources)


def plan_of(checked: Checked) -> bytes | None:
    """The sealed plan of a check without errors."""
    if checked.has_errors:
        return None
    with collector_at_rest():
        pieces = pieces_of(checked.program, checked.sources, checked.names)
        return sealed(pieces, checked.sources, checked.names)


def pieces_of(
    program: Program, sources: Mapping[str, SourceText], names: FileNames
) -> tuple[Written, ...]:
    """What each declaration of a program without errors adds to the plan."""
    from fqlc.lower.pieces import written
    from fqlc.lower.plan import lower

    return tuple(written(piece, names) for piece in lower(program, sources))


def sealed(pieces: Iterable[Written], sources: Mapping[str, SourceText], names: FileNames) -> bytes:
    """The bytes of the plan that the pieces make, with its digest."""
    from fqlc.lower.pieces import assemble

    own = {path: text for path, text in sources.items() if not path.endswith(CONTRACT_SUFFIXES)}
    return assemble(pieces, own, VERSION, names)


def labelled(found: Iterable[Diagnostic], read: Read) -> dict[str, SourceText]:
    """The texts of contracts in which a label has its place."""
    spans = (label.span for d in found for label in d.labels)
    paths = {span.path for span in spans if span.end and span.path.endswith(CONTRACT_SUFFIXES)}
    read_again = ((path, read(path)) for path in sorted(paths))
    return {p: SourceText(p, data.decode("utf-8", "replace")) for p, data in read_again if data}


class _Texts:
    """Remembers what was read, for spans and excerpts."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._data: dict[str, bytes] = {}

    def read(self, path: str) -> bytes | None:
        data = self._read(path)
        if data is not None:
            self._data[path] = data
        return data

    def sources(self) -> dict[str, SourceText]:
        """The texts that could be decoded, by path."""
        read = ((path, read_source(path, data, Sink())) for path, data in self._data.items())
        return {path: source for path, source in read if source is not None}
