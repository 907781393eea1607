"""`fqlc import --into FILE`: text edits at spans, written only if the result still compiles."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from fql.terminal.lines import data, say
from fql.terminal.words import counted
from fqlc.cli.shared.writing import write_whole
from fqlc.cli.show import show_diagnostics
from fqlc.diagnostics.model import Severity
from fqlc.importing.merging.edits import Merged, Merging, merged
from fqlc.importing.model import Catalog
from fqlc.names.imports import normal_path
from fqlc.pipeline import Checked, check_project
from fqlc.project.errors import CommandError
from fqlc.project.files import ProjectSources, project_of
from fqlc.source.text import SourceText


@dataclass(frozen=True, slots=True)
class Target:
    """The file that is changed, as part of what it imports."""

    path: str
    sources: ProjectSources
    before: Checked

    @property
    def source(self) -> SourceText:
        """Its text. Raises CommandError where it is none."""
        found = self.before.sources.get(normal_path(self.path))
        if found is None:
            raise CommandError(
                f"{self.path} is not a text file", "name a file that holds fql source"
            )
        return found

    def after(self, text: str) -> Checked:
        """The same with another text."""
        changed = {normal_path(self.path): text.encode()}

        def read(path: str) -> bytes | None:
            return changed.get(normal_path(path)) or self.sources.read(path)

        return check_project(self.sources.roots, read, self.sources.surroundings())


def target_of(path: str) -> Target:
    """The file of a path. Raises SurroundingsError where there is none."""
    sources = project_of([path])
    if len(sources.roots) != 1:
        raise CommandError(f"{path} is not a file", "name the file that is to be changed")
    before = check_project(sources.roots, sources.read, sources.surroundings())
    return Target(sources.roots[0], sources, before)


def merge_into(path: str, catalog: Catalog, merging: Merging, *, diff: bool) -> int:
    """Change the file, or with `diff` show how; the exit code."""
    target = target_of(path)
    done = merged(target.source, target.before.program.project, catalog, merging)
    for report in done.reports:
        say(report)
    text = target.source.edited(done.edits)
    if text == target.source.written:
        say(f"{path} is in step with the tables")
        return 0
    after = target.after(text)
    if after.has_errors:
        errors = [d for d in after.diagnostics if d.severity is Severity.ERROR]
        show_diagnostics(errors, after.sources, "text", err=True)
        say(f"{path} is left as it is: it would not compile")
        return 1
    if diff:
        data(_difference(path, target.source.written, text))
        return 1
    write_whole(path, text.encode())
    say(_said(path, done))
    return 0


def _said(path: str, done: Merged) -> str:
    new = f", {counted(len(done.added), 'new entity', 'new entities')}" if done.added else ""
    return f"{path}: {counted(len(done.edits), 'change')}{new}"


def _difference(path: str, before: str, after: str) -> str:
    old, new = (text.splitlines(keepends=True) for text in (before, after))
    return "".join(difflib.unified_diff(old, new, path, path)).removesuffix("\n")
