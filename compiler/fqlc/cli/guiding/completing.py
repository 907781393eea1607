"""What may follow on a command line: names of the project besides what click knows.

Names come from what the last compile left and from the store's file, never from a compile: a shell
asks at each press of a key.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
)

from fql.errors import SettingsError
from fql.terminal.harmless import harmless
from fql.terminal.lines import data
from fqlc.source.files import SUFFIX

OPTIONS: Mapping[str, tuple[str, ...]] = {
    "--observer": ("observers",),
    "--action": ("actions",),
    "--endpoint": ("endpoints",),
    "--entity": ("entities",),
}
"""The kinds of names that are the values of options."""

_SOURCES, _PLANS = ("sources",), ("sources", "plans")
ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("check", "compile", "fmt", "test"), _SOURCES),
    **dict.fromkeys(
        ("graph", "list", "diff", "run", "doctor", "support", "store activate"), _PLANS
    ),
    **dict.fromkeys(("capture install", "capture plan", "capture status"), _PLANS),
    "explain": ("codes", "sources", "plans"),
    "config": ("keys",),
    "pause": ("endpoints", "observers"),
    "resume": ("endpoints", "observers"),
    **dict.fromkeys(("dlq show", "dlq replay", "dlq discard"), ("letters",)),
    **dict.fromkeys(("runs cancel", "runs resend", "trace"), ("runs",)),
}
"""The kinds of names that are the arguments of commands."""


class _WithNames(ShellComplete):
    """Completion that knows the project."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        """What may stand where the cursor is; a path where nothing else is known."""
        words, start = _words(args, incomplete)
        kinds = wanted(words, start)
        if not kinds:
            after = words[1:] if words[:1] == ["help"] else words
            known = super().get_completions(after, start)
            path = CompletionItem(start, type="file")
            return known if known or start.startswith("-") else [path]
        found = dict.fromkeys(name for kind in kinds for name in names_of(kind, start))
        return [CompletionItem(harmless(name)) for name in found if name.startswith(start)]


class _Bash(_WithNames, BashComplete):
    """That of bash."""


class _Zsh(_WithNames, ZshComplete):
    """That of zsh."""


class _Fish(_WithNames, FishComplete):
    """That of fish. A description may have commas in it."""

    source_template = FishComplete.source_template.replace("split ", "split --max 1 ")


_CLASSES: Mapping[str, type[ShellComplete]] = {"bash": _Bash, "zsh": _Zsh, "fish": _Fish}
SHELLS = tuple(_CLASSES)


def script(command: click.Command, shell: str) -> str:
    """The script for a shell."""
    return _CLASSES[shell](command, {}, "fqlc", "_FQLC_COMPLETE").source()


def complete(command: click.Command, instruction: str) -> int:
    """Print what the script of a shell asks for, such as `bash_complete`; the exit code."""
    shell, _, what = instruction.partition("_")
    if shell not in _CLASSES or what != "complete":
        return 1
    data(_CLASSES[shell](command, {}, "fqlc", "_FQLC_COMPLETE").complete())
    return 0


def _words(args: Sequence[str], incomplete: str) -> tuple[list[str], str]:
    """The words before the cursor, and the begin of the one there; `--name=value` are two, though
    shells cut it in several ways."""
    words = [*args, incomplete]
    if words[-1] == "=":
        words.append("")
    if words[-1].startswith("--") and "=" in words[-1]:
        words[-1:] = words[-1].split("=", 1)
    *before, start = (word for word in words if word != "=")
    return before, start


def wanted(words: Sequence[str], start: str) -> tuple[str, ...]:
    """The kinds of names that may stand after these words; empty where it is for click to say."""
    if words and words[-1].startswith("--"):
        return OPTIONS.get(words[-1], ())
    if start.startswith("-") or (words and words[-1].startswith("-") and words[-1] != "-"):
        return ()
    plain = [word for word in words if not word.startswith("-")]
    two, one = " ".join(plain[:2]), " ".join(plain[:1])
    return ARGUMENTS.get(two) or ARGUMENTS.get(one, ())


def names_of(kind: str, start: str) -> Iterator[str]:
    """The names of a kind; files are those that begin with `start`."""
    found = _FINDERS.get(kind)
    if found is not None:
        yield from found(start)
    else:
        yield from _of_the_project(kind)


def _of_the_project(kind: str) -> tuple[str, ...]:
    from fql.terminal.environment import cache_folder
    from fqlc.project.cache import Cache
    from fqlc.project.known import known_names

    folder = cache_folder(os.environ, sys.platform, Path.home)
    return known_names(Cache(folder, "")).get(kind, ()) if folder else ()


def _codes(_: str) -> Iterator[str]:
    from fqlc.diagnostics.registry import all_codes

    yield from sorted(all_codes())


def _keys(_: str) -> Iterator[str]:
    from fqlc.cli.guiding.keys import keys_of, with_tables

    yield from with_tables(one.key for one in keys_of(None))


def _files(endings: tuple[str, ...]) -> Callable[[str], Iterator[str]]:
    """Files with these endings, and folders to go into."""

    def found(start: str) -> Iterator[str]:
        folder, slash, begin = start.rpartition("/")
        try:
            entries = sorted(os.scandir(folder + slash or "."), key=lambda entry: entry.name)
        except OSError:
            return
        for entry in entries:
            if entry.name.startswith(".") and not begin.startswith("."):
                continue
            if entry.is_dir():
                yield f"{folder}{slash}{entry.name}/"
            elif entry.name.endswith(endings):
                yield f"{folder}{slash}{entry.name}"

    return found


def _stored(what: str) -> Callable[[str], Iterator[str]]:
    """Ids of the project's store, where that is an SQLite file."""

    def found(_: str) -> Iterator[str]:
        from fql.store.sqlite.recent import recent_ids

        file, letters = _store()
        if file is not None:
            yield from recent_ids(file, what, letters)

    return found


def _store() -> tuple[Path | None, str]:
    """The file of the store and the table of its dead letters, read from the settings without the
    time that it takes to judge them; None for a store that is not a file."""
    import tomllib

    from fql.settings.databases import SQLITE, beside, store_at
    from fqlc.project.files import settings_of

    place = settings_of(())
    try:
        settings = tomllib.loads(place.read_text("utf-8")) if place else {}
    except (OSError, ValueError):
        settings = {}
    dlq = settings.get("webhooks", {}).get("dlq", {})
    written = settings.get("store", {}).get("url")
    url = f"{SQLITE}fql.db" if written is None or place is None else beside(written, place.parent)
    try:
        file = store_at(os.environ.get("FQLC_STORE") or url).file
    except SettingsError:
        file = None
    return file, str(dlq.get("table", "webhook_dlq"))


_FINDERS: Mapping[str, Callable[[str], Iterator[str]]] = {
    "codes": _codes,
    "keys": _keys,
    "sources": _files((SUFFIX,)),
    "plans": _files((".json",)),
    "letters": _stored("letters"),
    "runs": _stored("runs"),
}
