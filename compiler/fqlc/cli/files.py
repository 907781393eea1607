"""Files of the command line: which sources are meant, how they are read, what `fql.toml` says."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from fqlc.checks.levels import Given
from fqlc.checks.model import Surroundings
from fqlc.cli.errors import CommandError, SurroundingsError
from fqlc.pipeline import Checked, check_project, plan_of

SETTINGS = "fql.toml"


@dataclass(frozen=True)
class Inputs:
    """The sources of a command: their paths as messages show them, and the surroundings."""

    roots: tuple[str, ...]
    surroundings: Surroundings = field(default_factory=Surroundings)

    def check(self) -> Checked:
        """Check them."""
        return check_project(self.roots, read_file, self.surroundings)


def inputs(paths: Sequence[str], settings: str | None = None) -> Inputs:
    """The sources that the arguments mean. Raises CommandError when there are none.

    Without arguments they are those of `[project] files`, else the working folder. Folders mean
    all `.fql` files below them, but for hidden folders.
    """
    file = Path(settings) if settings else _settings_of(paths)
    surroundings, files = _surroundings(file)
    chosen = list(paths) or files or ["."]
    roots = tuple(dict.fromkeys(root for path in chosen for root in _expand(path)))
    if not roots:
        raise CommandError(
            f"there are no .fql files in {', '.join(chosen)}", "name a file or another folder"
        )
    return Inputs(roots, surroundings)


def _expand(path: str) -> list[str]:
    place = Path(path)
    if not place.is_dir():
        if not place.exists():
            raise CommandError(f"{path} does not exist", "check the path")
        return [_label(place)]
    found = (p for p in place.rglob("*.fql") if not _hidden(p.relative_to(place)))
    return sorted(_label(p) for p in found)


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _label(path: Path) -> str:
    """The path as messages and plans show it: relative below the working folder or where it was
    given so, with forward slashes."""
    if not path.is_absolute():
        return Path(os.path.normpath(path)).as_posix()
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else path.as_posix()


def read_file(path: str) -> bytes | None:
    """The bytes of a file, or None where it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError:
        return None


def _settings_of(paths: Sequence[str]) -> Path | None:
    """The nearest `fql.toml` from the first source upwards, else from the working folder."""
    first = Path(paths[0] if paths else ".").absolute()
    for start in (first, Path.cwd()):
        for folder in (start, *start.parents):
            if (folder / SETTINGS).is_file():
                return folder / SETTINGS
    return None


def _surroundings(file: Path | None) -> tuple[Surroundings, list[str]]:
    """What a settings file means for the compiler, and the sources that it names."""
    if file is None:
        return Surroundings(), []
    from fql.plan.addresses import EgressSettings
    from fql.plan.settings import read_settings
    from fql.plan.settings_model import policy_settings

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SurroundingsError(f"{_label(file)} cannot be read: {error}", "") from None
    settings = read_settings(text, _label(file))
    policies = {key: Given(v, "fql.toml") for key, v in policy_settings(settings).items()}
    egress = EgressSettings(tuple(settings.egress.allow), tuple(settings.egress.ports))
    files = [_label(file.parent / name) for name in settings.project.files]
    return Surroundings(policies, egress, _label(file)), files


def load_plan_bytes(paths: Sequence[str]) -> bytes:
    """The plan of sources, for the commands of the runtime: prints what is wrong and ends."""
    from fqlc.cli.show import show_diagnostics

    checked = inputs(paths).check()
    plan = plan_of(checked)
    show_diagnostics(checked.diagnostics, checked.sources, "text", err=True)
    if plan is None:
        raise click.exceptions.Exit(1)
    return plan
