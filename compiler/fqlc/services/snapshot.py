"""A checked project at one moment, as all services see it. Immutable.

`take_snapshot` checks the whole project. Until the next check a text may move on by `typed`:
what is asked then is answered from the last check, with places carried over from its text to
the newer one. Places in what has changed lead nowhere until then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

from fql.plan.language.types import Type
from fqlc.checks.late_contracts import LateContracts
from fqlc.checks.model import ActionModel, Program, Surroundings
from fqlc.diagnostics.model import Diagnostic
from fqlc.names.symbols import EntityInfo, EnumInfo
from fqlc.pipeline import Read, check_project
from fqlc.services.basis.drift import Drift
from fqlc.services.basis.kept import Kept, kept_of
from fqlc.services.basis.trace import Listening, Trace, go_on
from fqlc.services.index.index import Index
from fqlc.source.text import SourceText, Span
from fqlc.syntax.tree import ast
from fqlc.syntax.tree.walk import children

_MOST_STEPS = 200
"""Steps from a checked text to the newest that are kept; more count as one."""


@dataclass(frozen=True)
class Snapshot:
    """`sources` are the texts that were checked, `newer` those typed since, `drifts` the steps that
    lead from one to the other. `kept` has the last sound form of what cannot be read now."""

    program: Program
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, SourceText] = field(repr=False)
    trace: Trace = field(repr=False)
    contracts: LateContracts = field(repr=False)
    newer: Mapping[str, SourceText] = field(default_factory=dict, repr=False)
    drifts: Mapping[str, tuple[Drift, ...]] = field(default_factory=dict, repr=False)
    kept: Kept = field(default_factory=Kept, repr=False)

    def typed(self, path: str, text: str) -> Snapshot:
        """The same check with a newer text of a file."""
        newer, drifts = dict(self.newer), dict(self.drifts)
        before = newer.pop(path, None) or self.sources.get(path) or SourceText(path, "")
        way = drifts.pop(path, ())
        checked, source = self.sources.get(path), SourceText(path, text)
        if checked is None or checked.text != source.text:
            newer[path] = source
            drifts[path] = (*way, Drift.between(before.text, source.text))
            if len(drifts[path]) > _MOST_STEPS:
                old = checked.text if checked is not None else ""
                drifts[path] = (Drift.between(old, source.text),)
        moved = replace(self, newer=MappingProxyType(newer), drifts=MappingProxyType(drifts))
        moved.__dict__.update(index=self.index, _files=self._files)  # they are of the check
        return moved

    def source(self, path: str) -> SourceText | None:
        """The newest text of a file."""
        return self.newer.get(path) or self.sources.get(path)

    def is_current(self) -> bool:
        """True when no text has moved on since the check."""
        return not self.newer

    def then(self, path: str, offset: int) -> int | None:
        """The offset in the checked text; None for a place that it does not have."""
        found: int | None = offset
        for drift in reversed(self.drifts.get(path, ())):
            found = None if found is None else drift.back(found)
        return found

    def now(self, span: Span) -> Span | None:
        """A stretch of a checked text in the newest one; None where that has changed."""
        found: Span | None = span
        for drift in self.drifts.get(span.path, ()):
            found = None if found is None else drift.ahead(found)
        return found

    def observer(self, name: str) -> ast.Block | None:
        """The block of an observer; of one that cannot be read now as it last was."""
        symbol = self.program.project.observers.get(name)
        block = symbol.declaration if symbol is not None else None
        return self.kept.observers.get(name) or (block if isinstance(block, ast.Block) else None)

    def file(self, path: str) -> ast.File | None:
        """The tree of a checked file."""
        return self._files.get(path)

    def row(self, name: str) -> EntityInfo | None:
        """An entity or type with its fields; one that cannot be read now as it last was."""
        return self.kept.rows.get(name) or self.program.project.row(name)

    def enum(self, name: str) -> EnumInfo | None:
        """An enum with its members; one that cannot be read now as it last was."""
        return self.kept.enums.get(name) or self.program.project.enum_infos.get(name)

    def block_at(self, path: str, offset: int) -> ast.Block | None:
        """The block at the top level of a checked file that an offset is in."""
        found = self.declaration_at(path, offset)
        return found if isinstance(found, ast.Block) else None

    def declaration_at(self, path: str, offset: int) -> ast.Declaration | None:
        """The declaration of a checked file that an offset is in."""
        file = self._files.get(path)
        for declaration in file.declarations if file is not None else ():
            if declaration.span.start <= offset <= declaration.span.end:
                return declaration
        return None

    def action_at(self, path: str, offset: int) -> ActionModel | None:
        """The action of a checked file that an offset is in."""
        block = self.block_at(path, offset)
        for model in self.program.observers if block is not None else ():
            for action in model.actions if model.block is block else ():
                if action.block.span.start <= offset < action.block.span.end:
                    return action
        return None

    def nodes_at(self, span: Span) -> tuple[ast.Tree, ...]:
        """The nodes of a checked file that hold a stretch, the largest first."""
        found: list[ast.Tree] = []
        node: ast.Tree | None = self.declaration_at(span.path, span.start)
        while node is not None:
            found.append(node)
            inner = (c for c in children(node) if c.span.start <= span.start)
            node = next((c for c in inner if span.end <= c.span.end), None)
        return tuple(found)

    def type_of(self, written: ast.Expr) -> Type | None:
        """The type of an expression as it was checked; None where it was not, or is faulty."""
        heard = self.trace.at(written)
        if heard is None:
            return None
        return heard.value.type if heard.value.type.name != "Error" else None

    @cached_property
    def index(self) -> Index:
        """Every name of the checked project."""
        return Index(self.program.project, self.trace, self.sources)

    @cached_property
    def _files(self) -> Mapping[str, ast.File]:
        return {file.path: file for file in self.program.project.files}


def take_snapshot(
    roots: Sequence[str],
    read: Read,
    surroundings: Surroundings | None = None,
    before: Snapshot | None = None,
    pause: Callable[[], None] = go_on,
) -> Snapshot:
    """Check a project. `roots` are its files by the names that messages give them, `read` gives
    the bytes of a file: that of the editor where it is open (`over`). `before` is the last
    snapshot of the same project. `pause` is called between two steps; what it raises ends the
    check."""
    trace, files = Trace(), _Remembered(read)
    contracts = LateContracts(files.read, surroundings.shelf if surroundings is not None else None)
    with Listening(trace, pause) as ear:
        checked = check_project(roots, read, surroundings, ear, contracts, passed=lambda _: pause())
    files.close()
    kept = Kept()
    if before is not None:
        kept = kept_of(checked.program.project, before.program.project, before.kept)
    return Snapshot(
        program=checked.program,
        diagnostics=checked.diagnostics,
        sources=checked.sources,
        trace=trace,
        contracts=contracts,
        kept=kept,
    )


class _Remembered:
    """The files of contracts as they were when the check read them: none is read later."""

    def __init__(self, read: Read) -> None:
        self._read: Read | None = read
        self._files: dict[str, bytes | None] = {}

    def read(self, path: str) -> bytes | None:
        """The bytes of a file."""
        if path not in self._files and self._read is not None:
            self._files[path] = self._read(path)
        return self._files.get(path)

    def close(self) -> None:
        """From now on only what was read is there."""
        self._read = None


def over(read: Read, texts: Mapping[str, str]) -> Read:
    """Reads open texts by their path, and all else by `read`."""

    def read_open(path: str) -> bytes | None:
        text = texts.get(path)
        return read(path) if text is None else text.encode("utf-8", "surrogatepass")

    return read_open
