"""What `fqlc init --with` adds to a project: files for where it runs and where it is checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fql.errors import FqlError, advice_on_file
from fql.near import did_you_mean

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


@dataclass(frozen=True, slots=True)
class Added:
    """A file of the package, and its place in a project."""

    stored: str
    place: str


LOCK = Added("requirements.lock", "deploy/requirements.lock")
ADDITIONS: dict[str, tuple[Added, ...]] = {
    "systemd": (Added("fql.service", "deploy/fql.service"), LOCK),
    "docker": (
        Added("Dockerfile", "Dockerfile"),
        Added("dockerignore.txt", ".dockerignore"),
        LOCK,
    ),
    "kubernetes": (
        Added("kubernetes.sqlite.yaml", "deploy/kubernetes.sqlite.yaml"),
        Added("kubernetes.postgresql.yaml", "deploy/kubernetes.postgresql.yaml"),
    ),
    "procfile": (Added("Procfile", "Procfile"),),
    "github": (Added("github.yml", ".github/workflows/fql.yml"), LOCK),
    "gitlab": (Added("gitlab.yml", ".gitlab/fql.yml"), LOCK),
    "pre-commit": (Added("pre-commit.yaml", ".pre-commit-config.yaml"),),
}
PROBED = frozenset({"docker", "kubernetes"})
"""These look at the port of metrics and health."""


class AdditionsType(click.ParamType[tuple[str, ...]]):
    """Names of additions with commas between them."""

    name = "additions"

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem[str]]:
        """The names that are not there yet, after the last comma."""
        from click.shell_completion import CompletionItem

        before, comma, start = incomplete.rpartition(",")
        left = [name for name in ADDITIONS if name not in before.split(",")]
        return [CompletionItem(f"{before}{comma}{n}") for n in left if n.startswith(start)]

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Split the text; a usage error names what there is."""
        if isinstance(value, tuple):
            return tuple(str(one) for one in value)
        names = tuple(name.strip() for name in str(value).split(",") if name.strip())
        for name in names:
            if name not in ADDITIONS:
                near = did_you_mean(name, list(ADDITIONS))
                known = ", ".join(ADDITIONS)
                self.fail(
                    f"{name!r} is not one of {known}{f'; {near}' if near else ''}", param, ctx
                )
        if not names:
            self.fail(f"name at least one of {', '.join(ADDITIONS)}", param, ctx)
        return names


def files_of(names: Sequence[str]) -> tuple[Added, ...]:
    """The files of these additions, each once."""
    return tuple(dict.fromkeys(added for name in names for added in ADDITIONS[name]))


def text_of(added: Added) -> str:
    """The text of a file, as the package has it."""
    return (resources.files("fql.cli") / "project_files/deploy" / added.stored).read_text("utf-8")


def add(target: Path, names: Sequence[str]) -> tuple[list[Path], list[Path]]:
    """Write what is not there yet: the new files, and those that were there and are kept as they
    are. Raises FqlError where nothing can be written."""
    written: list[Path] = []
    kept: list[Path] = []
    for added in files_of(names):
        path = target / added.place
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            (written if _written_anew(path, text_of(added)) else kept).append(path)
        except OSError as error:
            advice = advice_on_file(error, written=True)
            raise FqlError(f"{path} cannot be written: {error.strerror}", hint=advice) from error
    return written, kept


def _written_anew(path: Path, text: str) -> bool:
    """Write a file unless there is something in its place. Raises OSError."""
    try:
        file = path.open("x", encoding="utf-8", newline="\n")
    except FileExistsError:
        return False
    with file:
        file.write(text)
    return True
