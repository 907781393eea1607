"""Every command line that a page, a runbook or a deploy file shows is one that fqlc understands."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from fqlc.cli.main import fqlc

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "runtime" / "fql" / "cli" / "project_files"
PAGES = [
    ROOT / "README.md", ROOT / "CONTRIBUTING.md",
    *(path for path in sorted((ROOT / "docs").rglob("*.md")) if "decisions" not in path.parts),
    *sorted((ROOT / "examples").rglob("*.md")),
]  # fmt: skip
FILES = [path for path in sorted(DEPLOY.rglob("*")) if path.is_file()]
_BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`((?:[A-Z_]+=\S+ )?fqlc [^`\n]+)`")
_LINE = re.compile(r"(?:^|[\s=$'\"(/])fqlc (.*)$")
_LIST = re.compile(r"\[\s*\"(?:/[\w/.]*/)?fqlc\"[^\]]*\]")
_SUBSTITUTED = re.compile(r"<\([^)]*\)")
_ENDS = re.compile(r"[|;&<)]|\d?>|\s#\s|\\$|, ")
SHELLS = ("console", "sh", "bash", "shell", "text", "")


class Shown(NamedTuple):
    """A command line, and whether it is to be run as it stands: one in a sentence may be short of
    arguments."""

    place: str
    words: tuple[str, ...]
    whole: bool


def shown() -> Iterator[Shown]:
    """All of them."""
    for page in PAGES:
        name = page.relative_to(ROOT).as_posix()
        text = page.read_text(encoding="utf-8")
        for kind, block in _BLOCK.findall(text):
            yield from _of_lines(name, block) if kind in SHELLS else _of_lists(name, block)
        for code in _INLINE.findall(_BLOCK.sub("", text)):
            yield from (one._replace(whole=False) for one in _of_lines(name, code))
    for file in FILES:
        if file.suffix not in (".lock", ".jsonl"):
            text = file.read_text(encoding="utf-8")
            name = file.relative_to(ROOT).as_posix()
            comments = (line.lstrip().startswith("#") for line in text.splitlines())
            lines = zip(comments, text.splitlines(), strict=True)
            yield from _of_lines(name, "\n".join(line for no, line in lines if not no))
            yield from _of_lists(name, text)


def _of_lines(name: str, text: str) -> Iterator[Shown]:
    for line in text.replace("\\\n", " ").splitlines():
        found = _LINE.search(line)
        if found is None or line.startswith("Usage:"):
            continue
        rest = _ENDS.split(_SUBSTITUTED.sub("FILE", found[1]))[0]
        rest = re.sub(r"(?<=\w)[,:.]+$", "", rest.strip())
        try:
            words = shlex.split(rest)
        except ValueError:
            words = rest.split()
        yield Shown(name, tuple(word for word in words if word not in ("...", "…")), whole=True)


def _of_lists(name: str, text: str) -> Iterator[Shown]:
    for found in _LIST.findall(text):
        yield Shown(name, tuple(json.loads(re.sub(r",\s*\]", "]", found))[1:]), whole=True)


def problem(one: Shown) -> str:
    """What fqlc would say to it, or nothing."""
    command: click.Command = fqlc
    context = click.Context(fqlc, info_name="fqlc")
    words = list(one.words)
    while isinstance(command, click.Group):
        options = [word for word in words[:1] if word.startswith("-")]
        if options or not words:
            break
        found = command.get_command(context, words[0])
        if found is None:
            return f"there is no command {words[0]}"
        command, words = found, words[1:]
        context = click.Context(command, parent=context, info_name=command.name)
    try:
        values, rest, _ = command.make_parser(context).parse_args(words)
    except click.BadOptionUsage as error:  # a sentence may name an option without its value
        return error.message if one.whole else ""
    except click.UsageError as error:
        return error.message
    if rest and not isinstance(command, click.Group):
        return f"{rest} are too many"
    for param in command.params:
        value = values.get(param.name or "")
        given = isinstance(value, str | tuple) and value
        choices = param.type.choices if isinstance(param.type, click.Choice) else ()
        if choices and isinstance(value, str) and value not in choices and not value.isupper():
            return f"{value} is none of {', '.join(map(str, choices))}"
        missing = param.required and isinstance(param, click.Argument) and not given
        if missing and one.whole and "help" not in values:
            return f"it lacks {param.human_readable_name}"
    return ""


@pytest.mark.parametrize("room", ["README", "how-to", "runbooks", "project_files", ""])
def test_what_is_shown_can_be_typed(room: str) -> None:
    found = [one for one in shown() if room in one.place and one.words]
    assert len(found) > (2 if room else 300)
    wrong = {f"{one.place}: fqlc {shlex.join(one.words)}": said
             for one in found if (said := problem(one))}  # fmt: skip
    assert wrong == {}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("fqlc capture install --yes plan.json", "--yes"),
        ("fqlc stats", "no command"),
        ("fqlc store backup", "lacks FILE"),
        ("fqlc graph --format gif", "none of"),
        ("fqlc pause shop now", "too many"),
        ("fqlc store backup 'fql-{time}.db' --keep 14", ""),
    ],
)
def test_what_cannot_be_typed_is_found(line: str, said: str) -> None:
    (one,) = _of_lines("a.md", line)
    assert said in problem(one) and bool(said) == bool(problem(one))
