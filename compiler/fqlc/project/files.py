"""Files of a project: which sources are meant, how they are read, what `fql.toml` says.

tomllib and pydantic are imported only where a settings file must be understood.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from fqlc.project.errors import CommandError, SurroundingsError
from fqlc.source.files import SUFFIX, FileNames, ProjectFiles
from fqlc.source.links import Links

if TYPE_CHECKING:
    from fql.settings.model import Project
    from fqlc.checks.model import Surroundings

SETTINGS = "fql.toml"

Skipped = Callable[[str, str], None]
"""Is told of a file or folder that is left out, and why."""


@dataclass(frozen=True, slots=True)
class ProjectSources:
    """The sources that are meant, by the paths that messages show, the files that they may read,
    and the settings file. `instead` has texts that stand in for files, as an editor has them."""

    roots: tuple[str, ...]
    files: ProjectFiles
    settings: str | None = None
    instead: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def read(self, path: str) -> bytes | None:
        """The bytes of a file of this project, None for any other."""
        if path in self.instead:
            return self.instead[path]
        return self.files.read(path)

    def with_text(self, path: str, content: bytes) -> ProjectSources:
        """The same with this content in the place of a file."""
        return replace(self, instead={**self.instead, path: content})

    def surroundings(self) -> Surroundings:
        """What the settings mean for the compiler. Raises SurroundingsError, SettingsError."""
        names = file_names(self.roots, Path(self.settings) if self.settings else None)
        return surroundings_of(self.settings, names)


def project_of(
    paths: Sequence[str],
    settings: str | None = None,
    *,
    find: bool = True,
    skipped: Skipped | None = None,
) -> ProjectSources:
    """The sources that paths mean. Without paths they are those of `[project] files`, else the
    working folder. `find` looks for the settings where none are given; `skipped` is told what is
    left out of folders.

    Raises CommandError where there are no sources, SurroundingsError for a path that is not there.
    """
    file = Path(settings) if settings else settings_of(paths) if find else None
    chosen = list(paths) or (project_files(file) if file else []) or ["."]
    roots = distinct(root for path in chosen for root in sources_of(path, file, skipped))
    if not roots:
        raise CommandError(
            f"there are no .fql files in {', '.join(chosen)}",
            "name a file or another folder; folders with their own fql.toml are separate "
            "projects, and hidden or installed ones are left out",
        )
    shown = label(file) if file else None
    files = ProjectFiles.of(roots if paths else (), shown, working_folder())
    return ProjectSources(roots, files, shown)


def project_with(path: str, content: bytes, settings: str | None = None) -> ProjectSources:
    """The project of one source, with `content` in its place, whether there is such a file or not.
    Raises CommandError for a name that is not that of a source."""
    if Path(path).suffix != SUFFIX:
        raise _not_a_source(path)
    file = Path(settings) if settings else settings_of([path])
    root, shown = label(Path(path)), label(file) if file else None
    files = ProjectFiles.of((root,), shown, working_folder())
    return ProjectSources((root,), files, shown, {root: content})


def _not_a_source(path: str) -> CommandError:
    return CommandError(
        f"{path} is not a source: only files called *{SUFFIX} are compiled",
        f"name the {SUFFIX} files; `fqlc run` and `fqlc diff` take plans",
    )


def sources_of(
    path: str, settings: Path | None = None, skipped: Skipped | None = None
) -> list[str]:
    """The sources that an argument means: a file, or all `.fql` files below a folder, but not
    those of other projects, of installed packages and of `[project] exclude`.

    Raises SurroundingsError where there is nothing, CommandError for a file that is not a source.
    """
    place = Path(path)
    if place.is_dir():
        found = _below(place, settings, skipped or _nobody)
        return sorted(shown for folder, names in found for shown in _labels(folder, names))
    if not place.exists():
        raise SurroundingsError(f"{path} does not exist", "check the path")
    if place.suffix != SUFFIX:
        raise _not_a_source(path)
    return [label(place)]


def _nobody(*_: str) -> None:
    """Nobody asked what is left out."""


def distinct(paths: Iterable[str]) -> tuple[str, ...]:
    """Each file once, by the first of its names: a link to a source is that source."""
    known: dict[str, str] = {}
    links = Links()
    for path in paths:
        known.setdefault(links.real(path), path)
    return tuple(known.values())


def _below(
    folder: Path, settings: Path | None, skipped: Skipped
) -> Iterator[tuple[Path, list[str]]]:
    """The folders with sources, and the names of those."""
    excluded = _exclusions(settings)
    for where, folders, files in os.walk(folder):
        here = Path(where)
        reasons = {name: _foreign(here / name) for name in folders}
        folders[:] = [name for name in folders if not reasons[name]]
        sources = [n for n in files if n.endswith(SUFFIX) and not n.startswith(".")]
        if excluded:
            left_out = {n for n in sources if any(p.holds(here / n) for p in excluded)}
            sources = [n for n in sources if n not in left_out]
            reasons.update(dict.fromkeys(left_out, "[project] exclude"))
        for name, reason in reasons.items():
            if reason:
                skipped(str(here / name), reason)
        yield here, sources


def _foreign(folder: Path) -> str:
    """Why the sources of a folder are not this project's; empty where they are."""
    if folder.name.startswith("."):
        return "it is hidden"
    if folder.name in ("node_modules", "site-packages", "__pycache__"):
        return "it belongs to a package manager"
    if (folder / "pyvenv.cfg").is_file():
        return "it is an environment of Python"
    return f"it has its own {SETTINGS}" if (folder / SETTINGS).is_file() else ""


@dataclass(frozen=True, slots=True)
class _Exclusion:
    """A pattern of `[project] exclude`: a folder with all below it, or a glob, seen from the
    settings file."""

    base: Path
    pattern: str

    def holds(self, file: Path) -> bool:
        real = Path(os.path.abspath(file))  # noqa: PTH100 - links keep their own place
        if not real.is_relative_to(self.base):
            return False
        path = real.relative_to(self.base).as_posix()
        return fnmatchcase(path, self.pattern) or path.startswith(f"{self.pattern.rstrip('/')}/")


def _exclusions(settings: Path | None) -> list[_Exclusion]:
    if settings is None:
        return []
    base = Path(os.path.abspath(settings.parent))  # noqa: PTH100 - links keep their own place
    return [_Exclusion(base, pattern) for pattern in _own_paths(settings, "exclude")]


def label(path: Path) -> str:
    """The path as messages and plans show it: relative below the working folder or where it was
    given so, with forward slashes. Raises CommandError for one that no text can hold."""
    shown = os.fsencode(path).decode("utf-8", "replace")
    if shown != str(path):
        raise CommandError(f"the name of {shown} is not UTF-8", "rename it")
    here = working_folder()
    whole = Path(os.path.normpath(here / path))
    if whole.is_relative_to(here):
        return whole.relative_to(here).as_posix()
    return whole.as_posix() if path.is_absolute() else Path(os.path.normpath(path)).as_posix()


def _labels(folder: Path, names: Sequence[str]) -> Iterator[str]:
    """The labels of files in a folder."""
    if names:
        shown = label(folder)
        start = "" if shown == "." else shown.rstrip("/") + "/"
        for name in names:
            yield start + name if name.isascii() else label(folder / name)


def working_folder() -> Path:
    """Where we are. Raises SurroundingsError where that was removed meanwhile."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise SurroundingsError(
            "the working folder does not exist any more", "change to another folder"
        ) from None


def settings_of(paths: Sequence[str]) -> Path | None:
    """The nearest `fql.toml` from the first source upwards, else from the working folder."""
    here = working_folder()
    for start in (here / paths[0] if paths else here, here):
        for folder in (start, *start.parents):
            if (folder / SETTINGS).is_file():
                return folder / SETTINGS
    return None


def project_files(file: Path) -> list[str]:
    """`[project] files` relative to the file. Raises SettingsError where they lead elsewhere; what
    else is wrong with the file is reported when it is used."""
    return [label(file.parent / path) for path in _own_paths(file, "files")]


def _own_paths(file: Path, key: str) -> list[str]:
    import tomllib

    from fql.plan.stored.files import LONGEST_SETTINGS, is_own_path, read_regular

    try:
        text = read_regular(file, LONGEST_SETTINGS).decode("utf-8-sig")
        project = tomllib.loads(text).get("project", {})
    except (OSError, ValueError, RecursionError):
        return []
    given = project.get(key, []) if isinstance(project, dict) else []
    paths = [path for path in given if isinstance(path, str)] if isinstance(given, list) else []
    if any(not is_own_path(path) for path in paths):
        from fql.settings.reading import read_settings

        read_settings(text, label(file))  # raises: it knows the line
    return paths


def file_names(roots: Sequence[str], settings: Path | None) -> FileNames:
    """How the plan names files: from the folder of the settings, else from the one that all
    sources lie in. So a plan is the same wherever the command was called."""
    here = working_folder()
    starts = {os.path.dirname(root) for root in roots}  # noqa: PTH120
    folders = [os.path.normpath(here / start) for start in starts]
    base = os.path.abspath(settings.parent) if settings else os.path.commonpath(folders)  # noqa: PTH100
    return FileNames(here.as_posix(), Path(base).as_posix())


def surroundings_of(file: str | None, names: FileNames | None = None) -> Surroundings:
    """What a settings file means for the compiler. Raises SurroundingsError, SettingsError."""
    from fqlc.checks.levels import Given
    from fqlc.checks.model import Surroundings

    names = names or FileNames()
    if file is None:
        return Surroundings(names=names)
    from fql.plan.origin import FQL_TOML
    from fql.plan.web.addresses import EgressSettings
    from fql.settings.model import policy_settings
    from fqlc.project.settings import read_project_settings

    settings = read_project_settings(file)
    policies = {key: Given(v, FQL_TOML) for key, v in policy_settings(settings).items()}
    egress = EgressSettings(tuple(settings.egress.allow), tuple(settings.egress.ports))
    return Surroundings(policies, egress, file, names)


def project_settings(paths: Sequence[str], settings: str | None = None) -> Project:
    """`[project]` of the settings that belong to paths. Raises SurroundingsError, SettingsError."""
    from fqlc.project.settings import read_project_settings

    file = Path(settings) if settings else settings_of(paths)
    return read_project_settings(label(file) if file else None).project
