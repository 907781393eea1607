"""The files that `fqlc init --with` writes, read as the programs read them that they are for."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from fql.cli.additions import ADDITIONS, Added, text_of

ROOT = Path(__file__).parents[2]
VENV = "/opt/fql/bin/"
PLACES = re.compile(r"(?<![\w.-])/(?:opt/fql(?:/bin/)?|etc/fql|var/lib/fql|app|src)\b")


def stored(name: str) -> str:
    """The text of a file of the package."""
    (text,) = {text_of(one) for files in ADDITIONS.values() for one in files if one.stored == name}
    return text


def documents(name: str) -> list[dict[str, Any]]:
    """The objects of a YAML file."""
    return list(yaml.safe_load_all(text_of(Added(name, ""))))


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of systemd: each key has all its values."""

    values: Mapping[str, list[str]]

    def one(self, key: str) -> str:
        """The value of a key that is there once."""
        (value,) = self.values[key]
        return value


def unit(text: str) -> Unit:
    """Read the keys of all sections."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and line[0] not in "#[":
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return Unit(found)


def moved(text: str, root: Path, programs: Path) -> str:
    """A line with absolute paths, for a machine whose root is a folder and whose programs are
    somewhere else."""

    def place(found: re.Match[str]) -> str:
        path = found[0]
        if path.startswith(VENV):
            return f"{programs}/{path.removeprefix(VENV)}"
        return f"{root}{path}"

    return PLACES.sub(place, text)


@dataclass(frozen=True, slots=True)
class Step:
    """An instruction of a Dockerfile."""

    name: str
    text: str


def steps(text: str) -> list[Step]:
    """The instructions, with continued lines in one."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    whole = "\n".join(lines).replace("\\\n", " ")
    found = [line.split(None, 1) for line in whole.splitlines() if line.strip()]
    return [Step(name, " ".join(text.split())) for name, text in found]


def assigned(text: str) -> dict[str, str]:
    """`A=1 B=2` as a mapping, with $PATH of this process in it."""
    pairs = (pair.partition("=") for pair in shlex.split(text))
    return {name: value.replace("$PATH", os.environ["PATH"]) for name, _, value in pairs}
