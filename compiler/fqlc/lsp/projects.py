"""Projects as an editor meets them: the nearest `fql.toml` above a file, or the file alone with
what it imports. Reads files: the disk, and open texts over it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pygls.uris import to_fs_path

from fql.errors import FqlError
from fql.plan.stored.files import LONGEST_SETTINGS, read_regular
from fql.settings.reading import Problem, SettingsFileError
from fqlc.checks.model import Surroundings
from fqlc.diagnostics.model import Diagnostic
from fqlc.diagnostics.sink import Sink
from fqlc.lsp.documents import Document
from fqlc.project.files import (
    SETTINGS,
    ProjectSources,
    distinct,
    file_names,
    label,
    project_files,
    sources_of,
    working_folder,
)
from fqlc.services.snapshot import Snapshot, take_snapshot
from fqlc.source.files import SUFFIX, ProjectFiles
from fqlc.source.links import Links
from fqlc.source.text import SourceText, Span
from fqlc.syntax.parsing.parser import parse_file


@dataclass(frozen=True)
class Place:
    """Where a text is: its uri, and its path without links where it is a file."""

    uri: str
    real: str | None

    @classmethod
    def of(cls, uri: str) -> Place:
        """The place that a uri means."""
        path = to_fs_path(uri) if uri.startswith("file:") else None
        return cls(uri, os.path.realpath(path) if path else None)

    @property
    def key(self) -> str:
        """What tells texts apart, whatever an editor calls them."""
        return self.real or self.uri

    @property
    def name(self) -> str:
        """The path that messages show."""
        if self.real is not None:
            return label(Path(self.real))
        return self.uri.rpartition("/")[2].rpartition(":")[2] or f"text{SUFFIX}"


@dataclass(frozen=True, slots=True)
class Project:
    """A settings file and what belongs to it, or a text alone. `key` tells projects apart."""

    key: str
    settings: str | None
    alone: Place | None = None

    def is_of(self, key: str) -> bool:
        """True where this is the text of that key, alone."""
        return self.alone is not None and self.alone.key == key

    def holds(self, real: str) -> bool:
        """True for a file below the folder of the settings."""
        return self.settings is not None and Path(real).is_relative_to(Path(self.settings).parent)


def project_of_place(place: Place) -> Project:
    """The project of a text: that of the nearest settings file."""
    if place.real is not None:
        for folder in Path(place.real).parents:
            if (folder / SETTINGS).is_file():
                return Project(str(folder / SETTINGS), str(folder / SETTINGS))
    return alone(place)


def alone(place: Place, settings: str | None = None) -> Project:
    """A text by itself, with its imports: there are no settings, or they leave it out."""
    return Project(f"{place.uri} alone", settings, place)


@dataclass(frozen=True)
class Checkup:
    """What a check of a project found. `names` are the files of the project by their paths without
    links, `texts` the open texts that it saw, `asked` the paths that it read or missed. `settings`
    is the text of the settings, if something is wrong with them, and `wrong` what."""

    project: Project
    snapshot: Snapshot = field(repr=False)
    names: Mapping[str, str] = field(repr=False)
    texts: Mapping[str, Document] = field(repr=False)
    asked: frozenset[str] = field(default=frozenset(), repr=False)
    settings: SourceText | None = None
    wrong: tuple[Diagnostic, ...] = ()


def check(
    project: Project,
    texts: Mapping[str, Document],
    before: Snapshot | None,
    pause: Callable[[], None],
) -> Checkup:
    """Check a project with the open texts, by the paths without links, over its files. `pause` is
    called between two steps; what it raises ends the check."""
    if project.alone is not None and (text := texts.get(project.alone.key)) and text.is_large:
        return _spelling(project, project.alone, texts)
    sources, problems = _sources(project, texts)
    reader = _Reader(project, sources, texts, pause)
    surroundings, more = _surroundings(sources)
    snapshot = take_snapshot(sources.roots, reader.read, surroundings, before, pause)
    names = {reader.real(path): path for path in (*sources.roots, *snapshot.sources)}
    settings = _settings_text(sources.settings) if sources.settings and (problems or more) else None
    wrong = _diagnostics(settings, problems or more) if settings else ()
    return Checkup(
        project=project, snapshot=snapshot, names=names, texts=texts,
        asked=frozenset(reader.asked), settings=settings, wrong=wrong,
    )  # fmt: skip


def _spelling(project: Project, place: Place, texts: Mapping[str, Document]) -> Checkup:
    """What can be told of a large text: whether it can be read."""
    sink, source = Sink(), SourceText(place.name, texts[place.key].text)
    parse_file(source, sink)
    nothing = take_snapshot((), lambda _: None)
    snapshot = replace(nothing, diagnostics=sink.found, sources={place.name: source})
    return Checkup(project, snapshot, {place.key: place.name}, texts)


class _Reader:
    """Reads for one check: open texts over files, and nothing that is not the project's."""

    def __init__(
        self,
        project: Project,
        sources: ProjectSources,
        texts: Mapping[str, Document],
        pause: Callable[[], None],
    ) -> None:
        self._sources, self._texts, self._pause = sources, texts, pause
        self._alone = project.alone
        self._links = Links()
        self.asked: set[str] = set()

    def real(self, path: str) -> str:
        """The key of a path among the open texts."""
        if self._alone is not None and path == self._alone.name:
            return self._alone.key
        try:
            return self._links.real(str(working_folder() / path))
        except (OSError, ValueError):  # a name that cannot be
            return path

    def read(self, path: str) -> bytes | None:
        self._pause()
        real = self.real(path)
        self.asked.add(real)
        text = self._texts.get(real)
        is_own = self._alone is not None and real == self._alone.key
        if text is None or not (is_own or self._sources.files.holds(path)):
            return self._sources.read(path)
        return text.text.encode("utf-8", "surrogatepass")


def _sources(
    project: Project, texts: Mapping[str, Document]
) -> tuple[ProjectSources, tuple[Problem, ...]]:
    """The sources of a project, those included that are open and not saved yet."""
    settings = label(Path(project.settings)) if project.settings else None
    if project.alone is not None:
        return _given((project.alone.name,), settings), ()
    folder = Path(project.settings or SETTINGS).parent
    try:
        chosen = project_files(Path(project.settings or SETTINGS)) or [label(folder)]
        found = [root for path in chosen for root in sources_of(path, Path(project.settings or ""))]
        problems: tuple[Problem, ...] = ()
    except SettingsFileError as error:
        found, problems = sources_of(label(folder)), error.problems
    except FqlError as error:
        found, problems = [], (Problem(0, error.message),)
    unsaved = [label(Path(real)) for real in texts if project.holds(real) and not _is_file(real)]
    return _given(distinct((*found, *unsaved)), settings), problems


def _given(roots: tuple[str, ...], settings: str | None) -> ProjectSources:
    return ProjectSources(roots, ProjectFiles.of(roots, settings, working_folder()), settings)


def _is_file(real: str) -> bool:
    return Path(real).is_file()


def _surroundings(sources: ProjectSources) -> tuple[Surroundings, tuple[Problem, ...]]:
    """What the settings mean; those of nobody where they cannot be used."""
    try:
        return sources.surroundings(), ()
    except SettingsFileError as error:
        problems = error.problems
    except FqlError as error:
        problems = (Problem(0, error.message),)
    names = file_names(sources.roots or (".",), Path(sources.settings or SETTINGS))
    return Surroundings(names=names), problems


def _settings_text(settings: str) -> SourceText:
    try:
        data = read_regular(settings, LONGEST_SETTINGS)
    except OSError:
        data = b""
    return SourceText(settings, data.decode("utf-8", "replace"))


def _diagnostics(text: SourceText, problems: Iterable[Problem]) -> tuple[Diagnostic, ...]:
    """The problems of the settings, each on its line."""
    starts = [0, *(found.end() for found in re.finditer("\n", text.text))]
    found = []
    for problem in problems:
        start = starts[min(max(problem.line, 1), len(starts)) - 1]
        end = start + len(text.line(problem.line)) if problem.line else start
        found.append(Diagnostic(SETTINGS, problem.message, Span(text.path, start, end)))
    return tuple(found)
