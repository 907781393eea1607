"""Reading the files of a project: those named, and what they import. Pure but for `read`."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from itertools import pairwise

from fqlc.diagnostics.model import Label
from fqlc.diagnostics.sink import Sink
from fqlc.source.files import SUFFIX
from fqlc.source.text import Span
from fqlc.syntax.parsing.parser import parse_file
from fqlc.syntax.parsing.sources import read_source
from fqlc.syntax.tree import ast

Read = Callable[[str], bytes | None]
"""The bytes of a file by its path, or None where there is none that can be read."""

_WHAT_IS_READ = (
    "only files inside the project are read: no devices, no pipes, no links that lead elsewhere"
)


def load_project(roots: Sequence[str], read: Read, sink: Sink) -> tuple[ast.File, ...]:
    """Parse the roots and all they import, each file once, in order of discovery.

    Imports are relative to the importing file. Reports FQL110 for a file that cannot be read,
    FQL111 for an import without a file or one that leads back to itself.
    """
    loader = _Loader(read, sink)
    for root in roots:
        loader.root(normal_path(root))
    loader.report_cycles()
    return tuple(loader.files.values())


def has_missing_imports(files: Sequence[ast.File]) -> bool:
    """True when a file imports one that is not among the files: it was reported."""
    paths = {file.path for file in files}
    return any(
        target_path(file.path, declaration.path.value) not in paths
        for file in files
        for declaration in file.declarations
        if isinstance(declaration, ast.ImportDeclaration)
    )


def target_path(path: str, written: str) -> str:
    """The path of what the file `path` imports as `written`."""
    return normal_path(posixpath.join(posixpath.dirname(path), written))


def normal_path(path: str) -> str:
    """The one spelling of a path that files are known by."""
    return posixpath.normpath(path.replace("\\", "/"))


class _Loader:
    """Files found so far, and who imports whom. Walks without recursion: chains may be long."""

    def __init__(self, read: Read, sink: Sink) -> None:
        self.read, self.sink = read, sink
        self.files: dict[str, ast.File] = {}
        self.seen: set[str] = set()
        self.imports: dict[str, list[tuple[str, Span]]] = {}

    def root(self, path: str) -> None:
        if path in self.seen:
            return
        data = self.read(path)
        if data is None:
            self.seen.add(path)
            self.sink.error(
                "FQL110", f"the file `{path}` cannot be read", Span(path, 0, 0),
                help=("check the path and its permissions", _WHAT_IS_READ),
            )  # fmt: skip
            return
        self._enter(path, data)

    def _enter(self, path: str, data: bytes) -> None:
        waiting = [(path, data)]
        while waiting:
            at, content = waiting.pop()
            if at in self.seen:
                continue
            self.seen.add(at)
            waiting.extend(reversed(self._parse(at, content)))

    def _parse(self, path: str, data: bytes) -> list[tuple[str, bytes]]:
        """Parse one file and give the files that it imports and nobody has seen."""
        source = read_source(path, data, self.sink)
        if source is None:
            return []
        file = parse_file(source, self.sink)
        self.files[path] = file
        found: list[tuple[str, bytes]] = []
        for declaration in file.declarations:
            if isinstance(declaration, ast.ImportDeclaration):
                found.extend(self._import(path, declaration))
        return found

    def _import(self, path: str, declaration: ast.ImportDeclaration) -> list[tuple[str, bytes]]:
        written = declaration.path
        target = target_path(path, declaration.path.value)
        edge = (target, written.span)
        if target in self.seen:
            self.imports.setdefault(path, []).append(edge)
            return []
        data = self.read(target) if target.endswith(SUFFIX) else None
        if data is None:
            self._not_found(written, target)
            return []
        self.imports.setdefault(path, []).append(edge)
        return [(target, data)]

    def _not_found(self, written: ast.StringLiteral, target: str) -> None:
        if not target.endswith(SUFFIX):
            self.sink.error(
                "FQL111", f"the import `{written.value}` is not called *{SUFFIX}", written.span,
                label="only sources can be imported",
                help=(f"imports read files called *{SUFFIX} inside the project",),
            )  # fmt: skip
            return
        self.sink.error(
            "FQL111", f"the import `{written.value}` is not found", written.span,
            label=f"there is no file `{target}` in the project",
            help=("imports are relative to the file that names them", _WHAT_IS_READ),
        )  # fmt: skip

    # cycles

    def report_cycles(self) -> None:
        """One FQL111 for each import that closes a ring."""
        state: dict[str, int] = {}
        for start in self.files:
            self._walk(start, state)

    def _walk(self, start: str, state: dict[str, int]) -> None:
        """Depth first without recursion; state 1 is on the way, 2 is done."""
        if state.get(start):
            return
        state[start] = 1
        trail = [(start, iter(self.imports.get(start, [])))]
        while trail:
            path, edges = trail[-1]
            edge = next(edges, None)
            if edge is None:
                state[path] = 2
                trail.pop()
                continue
            target, span = edge
            if state.get(target) == 1:
                self._cycle([p for p, _ in trail], target, span)
            elif not state.get(target):
                state[target] = 1
                trail.append((target, iter(self.imports.get(target, []))))

    def _cycle(self, trail: list[str], target: str, span: Span) -> None:
        ring = trail[trail.index(target) :]
        labels = tuple(Label(self._edge(a, b), f"`{a}` imports `{b}`") for a, b in pairwise(ring))
        path = " -> ".join(f"`{p}`" for p in [*ring, target])
        self.sink.error(
            "FQL111", f"these files import each other: {path}", span,
            label="this import closes the cycle", labels=labels,
            help=("move what both need into a file of its own",),
        )  # fmt: skip

    def _edge(self, source: str, target: str) -> Span:
        return next(span for t, span in self.imports[source] if t == target)
