"""Every exception that users of the runtime can meet, as a tree.

    FqlError
    ├── UsageError            wrong use of the interface or command line (exit code 2)
    ├── PlanError             a plan that cannot be used: cut short, edited, newer (exit code 3)
    ├── SettingsError         fql.toml or a plan setting that cannot be used (exit code 3)
    │   └── MissingSecrets    names without a value, all at once
    ├── WorkBlocked           open runs that cannot go on, and nothing else is left (exit code 3)
    ├── EventRefused          an event that does not fit its entity
    ├── NotDecrypted          a payload that this key does not open (fql.webhooks)
    └── StoreError            the store cannot be used (exit code 3)
        ├── StoreLocked       another process is the engine of this store
        ├── StoreFull         no space left; nothing was accepted
        ├── StoreSlow         a question took longer than it may; nothing was changed
        └── StoreGone         its file was removed or replaced while it was in use

A message is one sentence that says what, where and why; `hint` says what to do. Neither holds
the password of a connection string, whoever wrote it: `masked_urls` is applied to all of them.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Sequence
from typing import Self

HIDDEN = "(sensitive)"
"""Stands for a value that is not shown."""

_WORD = re.compile(r"\S+")
_SECRET_PAIR = re.compile(
    r"(?<![\w-])((?:\w{0,20}[_-])?(?:ssl)?"
    r"(?:passw(?:or)?d|passphrase|pwd|secret|token|credentials?|(?:api|access|private)[_-]?key)=)"
    r"""(?!\$\{)(?:'[^']*'|"[^"]*"|[^\s&;,'"]+)""",
    re.IGNORECASE,
)


def masked_urls(text: str) -> str:
    """The text with `***` for user and password of each URL or connection string in it, and for
    the values of keys such as `password=`."""
    if "@" in text:
        text = _WORD.sub(lambda word: _without_user(word[0]), text)
    return _SECRET_PAIR.sub(r"\1***", text) if "=" in text else text


def _without_user(word: str) -> str:
    """Up to the last `@`, since passwords hold `/` and `@`. A path may have put one `/` for two;
    a path with an `@` in it and no password stays."""
    colon, at = word.find(":/"), word.rfind("@")
    if not 0 <= colon < at:
        return word
    rest = word[colon + 1 : at]
    user = rest.lstrip("/")
    slashes = len(rest) - len(user)
    if ":" not in user and (slashes > 2 or "/" in user):
        return word
    return f"{word[: colon + 1 + slashes]}***{word[at:]}"


class FqlError(Exception):
    """Base of all errors of the runtime. `message` says what is wrong, `hint` is one line of
    advice, or empty."""

    exit_code = 3

    def __init__(self, message: str, *, hint: str = "") -> None:
        self.message = masked_urls(message)
        self.hint = masked_urls(hint)
        super().__init__(self.message)

    def one_of_many(self, number: int) -> Self:
        """This error as one about event `number`, counted from 1, of several that were handed in
        together; none of them was stored."""
        self.message = f"event {number}: {self.message}"
        self.hint = "; ".join(filter(None, ("nothing was stored", self.hint)))
        self.args = (self.message,)
        return self


class UsageError(FqlError):
    """The interface or the command line was used wrongly."""

    exit_code = 2


class PlanError(FqlError):
    """The plan cannot be used: not a plan, cut short, edited by hand, or of a newer format."""


class SettingsError(FqlError):
    """A setting cannot be used."""


def advice_on_file(error: OSError, *, written: bool = False) -> str:
    """What to do about a file that cannot be read, or with `written` not be written."""
    row = _ADVICE_ON_FILES.get(error.errno or 0)
    return row[written] if row else ""


_RIGHTS = ("check who may read it", "check who may write there, or name another file")
_FULL = ("free some space", "free some space, or name a file on another disk")
_ADVICE_ON_FILES = {
    errno.ENOENT: ("check the path", "make its folder first, or name a file in another one"),
    errno.ENOTDIR: ("check the path", "a part of the path is a file: name another one"),
    errno.EEXIST: ("check the path", "there is a file in its place: name another one"),
    errno.EISDIR: ("that is a folder: name a file in it", "that is a folder: name a file in it"),
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: (_RIGHTS[0], "nothing can be written on that disk: name a file on another one"),
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.ENAMETOOLONG: ("check the path", "name it shorter"),
}
"""For each reason that a system gives: what to do to read a file, and to write one."""


def not_installed(about: str, package: str, extra: str) -> SettingsError:
    """What is raised where `about` needs a package of an extra that is not installed."""
    return SettingsError(
        f"{about} needs the package {package}, which is not installed",
        hint=f'pip install "fqlc[{extra}]"',
    )


class MissingSecrets(SettingsError):
    """Names that have no value. `missing` maps each name to its users, `places` are those that were
    looked at, in words where `NAME` stands for the name."""

    def __init__(
        self, missing: dict[str, list[str]], places: Sequence[str] = ("the environment",)
    ) -> None:
        self.missing = missing
        self.places = tuple(places)
        lines = [f"{name} (used by {', '.join(users)})" for name, users in sorted(missing.items())]
        super().__init__(
            f"{len(lines)} name{'s are' if len(lines) > 1 else ' is'} not set: " + "; ".join(lines),
            hint=f"looked for in {', '.join(places)}; set them before the runtime starts, or remove"
            " their uses from the plan",
        )


class WorkBlocked(FqlError):
    """Open runs cannot go on, and nothing else is left to do. `runs` gives the reason by run."""

    def __init__(self, runs: dict[str, str]) -> None:
        self.runs = runs
        reasons = [f"{_runs(of, runs)}: {of}" for of in dict.fromkeys(runs.values())]
        super().__init__(
            "work is left that cannot go on: " + "; ".join(reasons),
            hint="fix that and start again, or cancel the runs: `fqlc runs cancel RUN`",
        )


def _runs(reason: str, runs: dict[str, str]) -> str:
    names = [run for run, why in runs.items() if why == reason]
    return names[0] if len(names) == 1 else f"{len(names)} runs such as {names[0]}"


class EventRefused(FqlError):
    """An event does not fit its entity. Nothing of it was stored."""

    exit_code = 1


class StoreError(FqlError):
    """The store cannot be used."""


class StoreLocked(StoreError):
    """Another process is the engine of this store."""


class StoreFull(StoreError):
    """No space is left for the store; nothing was accepted and nothing was lost."""


class StoreRewound(StoreError):
    """The store went back to an earlier state, and has forgotten commits of the engine at work: a
    backup was restored, or a standby that lagged was promoted. The engine begins a new session."""


class StoreSlow(StoreError):
    """A question to the store `where` was not answered `within` the seconds that it may take."""

    def __init__(self, where: object, within: float) -> None:
        super().__init__(
            f"the store {where} has not answered within {1000 * within:.0f} ms",
            hint="narrow the filter: by a row, an observer or a time, which are found at once",
        )


class StoreGone(StoreError):
    """The store's file was removed or replaced while it was in use: nothing is accepted, and the
    engine ends."""
