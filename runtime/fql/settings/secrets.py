"""`[secrets]` of `fql.toml`: where the value of a `${NAME}` is found besides the environment.

The first hit wins: the environment; the file that `NAME_FILE` names; a file `NAME` in one of the
folders; the file of lines `NAME=value`. What was found once stays until it is read again, all
names or none, so that no plan mixes values of two moments.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import Field

from fql.errors import SettingsError
from fql.plan.environment import Places, filled, references_in
from fql.plan.stored.files import read_regular
from fql.settings.policies import Table
from fql.settings.values import Words

LONGEST = 65_536
"""Bytes of a secret, and of the file of lines, at most."""
FOLDERS = ("${CREDENTIALS_DIRECTORY}", "/run/secrets")


class SecretFiles(Table):
    """Files with the values of `${NAME}`s that the environment does not have. They are read again
    when they change."""

    folders: Words = Field(
        FOLDERS, description="folders with a file for each name, such as /run/secrets/SHOP_SECRET"
    )
    env_file: str = Field("", description="a file of lines `NAME=value`")


class Secrets(Places):
    """The environment, completed by files. Raises SettingsError for a file that is there and cannot
    be used. `folder` is the one that relative paths start from."""

    def __init__(
        self, files: SecretFiles, environment: Mapping[str, str], folder: Path | None = None
    ) -> None:
        self._environment = environment
        base = folder or Path.cwd()
        known = [text for text in files.folders if set(references_in(text)) <= set(environment)]
        self._folders = [base / filled(text, environment.__getitem__) for text in known]
        self._env_file = base / files.env_file if files.env_file else None
        self._found: dict[str, str | None] = {}

    def __getitem__(self, name: str) -> str:
        if name not in self._found:
            self._found[name] = self._looked_up(name)
        value = self._found[name]
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        found = (name for name, value in self._found.items() if value is not None)
        return iter(dict.fromkeys([*self._environment, *found]))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @property
    def places(self) -> Sequence[str]:
        """Where a value is looked for, in their order."""
        files = [str(folder / "NAME") for folder in self._folders]
        lines = [] if self._env_file is None else [str(self._env_file)]
        return ("the environment", "the file that NAME_FILE names", *files, *lines)

    def place(self, name: str) -> str:
        """Where its value comes from: `environment`, a path, or nothing."""
        if name in self._environment:
            return "environment"
        file = self._file_of(name)
        if file is not None:
            return str(file)
        return str(self._env_file) if name in self._env_lines() else ""

    def read_again(self) -> tuple[str, ...]:
        """Look all names up that were asked for; returns those with another value. Raises
        SettingsError, and then nothing has changed."""
        fresh = {name: self._looked_up(name) for name in list(self._found)}
        before, self._found = self._found, fresh
        return tuple(sorted(name for name, value in fresh.items() if before[name] != value))

    @contextmanager
    def renewed(self) -> Iterator[None]:
        """Read again for what is done here; if that fails, the values of before are back. Raises
        SettingsError."""
        before = self._found
        self.read_again()
        try:
            yield
        except BaseException:
            self._found = before
            raise

    def _looked_up(self, name: str) -> str | None:
        if name in self._environment:
            return self._environment[name]
        file = self._file_of(name)
        return self._env_lines().get(name) if file is None else _value(file, name)

    def _file_of(self, name: str) -> Path | None:
        named = self._environment.get(f"{name}_FILE")
        if named:
            return Path(named)
        files = (folder / name for folder in self._folders)
        return next((file for file in files if file.is_file()), None)

    def _env_lines(self) -> dict[str, str]:
        if self._env_file is None:
            return {}
        text = _secret_text(self._env_file, "[secrets] env_file")
        found: dict[str, str] = {}
        for number, line in enumerate(text.splitlines(), 1):
            content = line.strip().removeprefix("export ")
            if not content or content.startswith("#"):
                continue
            name, equals, value = content.partition("=")
            if not equals or not name.strip().isidentifier():
                raise SettingsError(f"{self._env_file}, line {number}: it is not NAME=value")
            found[name.strip()] = _unquoted(value.strip())
        return found


def _unquoted(value: str) -> str:
    for quote in ("'", '"'):
        if len(value) > 1 and value[0] == value[-1] == quote:
            return value[1:-1]
    return value


def _value(file: Path, name: str) -> str:
    """What is in a file, without the line end that editors add."""
    text = _secret_text(file, f"the secret {name}")
    return text.removesuffix("\n").removesuffix("\r")


def _secret_text(file: Path, about: str) -> str:
    try:
        text = read_regular(file, LONGEST).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise SettingsError(f"{about} in {file} cannot be read: {reason}") from None
    if "\0" in text:
        raise SettingsError(f"{about} in {file} holds a NUL, which no secret may")
    return text


def secrets_of(
    files: SecretFiles, environment: Mapping[str, str], folder: Path | None = None
) -> Secrets:
    """The environment completed by the files of these settings, unless it is that already."""
    if isinstance(environment, Secrets):
        return environment
    return Secrets(files, environment, folder)
