"""Files of the command line: which sources are meant, how they are read, what `fql.toml` says.

tomllib and pydantic are imported only where a settings file must be understood.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fqlc.cli.errors import CommandError, SurroundingsError
from fqlc.source.files import SUFFIX

if TYPE_CHECKING:
    from fqlc.checks.model import Surroundings

SETTINGS = "fql.toml"


def expand(path: str) -> list[str]:
    """The sources that an argument means: a file, or all `.fql` files below a folder but for hidden
    ones. Raises CommandError where there is nothing, and for a plan."""
    place = Path(path)
    if not place.is_dir():
        if not place.exists():
            raise CommandError(f"{path} does not exist", "check the path")
        if place.suffix != SUFFIX:
            raise CommandError(
                f"{path} is not a source: only files called *{SUFFIX} are compiled",
                f"name the {SUFFIX} files; `fqlc run` and `fqlc diff` take plans",
            )
        return [label(place)]
    found = (
        p for p in place.rglob("*.fql") if not p.is_dir() and not _hidden(p.relative_to(place))
    )
    return sorted(label(p) for p in found)


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


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
    else is wrong with the file is said when it is used."""
    import tomllib

    from fql.plan.files import LONGEST_SETTINGS, is_own_path, read_regular

    try:
        text = read_regular(file, LONGEST_SETTINGS).decode("utf-8-sig")
        project = tomllib.loads(text).get("project", {})
    except (OSError, ValueError, RecursionError):
        return []
    files = project.get("files", []) if isinstance(project, dict) else []
    paths = [f for f in files if isinstance(f, str)] if isinstance(files, list) else []
    if any(not is_own_path(f) for f in paths):
        from fql.settings.reading import read_settings

        read_settings(text, label(file))  # raises: it knows the line
    return [label(file.parent / f) for f in paths]


def surroundings_of(file: str | None) -> Surroundings:
    """What a settings file means for the compiler."""
    from fqlc.checks.model import Surroundings
    from fqlc.checks.reading.levels import Given

    if file is None:
        return Surroundings()
    from fql.plan.addresses import EgressSettings
    from fql.plan.files import LONGEST_SETTINGS, read_regular
    from fql.settings.model import policy_settings
    from fql.settings.reading import read_settings

    try:
        text = read_regular(file, LONGEST_SETTINGS).decode("utf-8-sig")
    except OSError as error:
        raise SurroundingsError(f"{file} cannot be read: {error.strerror}", "") from None
    except UnicodeDecodeError:
        raise SurroundingsError(f"{file} is not UTF-8", "save it in the encoding UTF-8") from None
    settings = read_settings(text, file)
    policies = {key: Given(v, "fql.toml") for key, v in policy_settings(settings).items()}
    egress = EgressSettings(tuple(settings.egress.allow), tuple(settings.egress.ports))
    return Surroundings(policies, egress, file)
