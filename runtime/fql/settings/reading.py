"""Reading `fql.toml`: text in, `Settings` or all of its problems out. Opens no file itself.

The tables and keys themselves are in `fql.settings.model`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from fql.errors import SettingsError, masked_urls
from fql.near import did_you_mean
from fql.settings.model import Settings, policy_settings
from fql.settings.source_tables import SOURCE_KINDS
from fql.settings.values import Written

__all__ = [
    "Problem",
    "Settings",
    "SettingsFileError",
    "every_key",
    "policy_settings",
    "read_settings",
]

Path = tuple[str, ...]
"""Where a value is: `("webhooks", "dlq", "table")`."""

_HEADER = re.compile(r"^\s*\[{1,2}\s*([^\]]+?)\s*\]{1,2}\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*[A-Za-z0-9_-]+)*)\s*=""")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a settings file; `line` counts from 1, 0 is the file as a whole."""

    line: int
    message: str


class SettingsFileError(SettingsError):
    """All problems of one settings file. `problems` holds them in the order of the file."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        lines = [f"{name}:{p.line}: {p.message}" if p.line else f"{name}: {p.message}"
                 for p in self.problems]  # fmt: skip
        super().__init__("\n".join(lines), hint="`fqlc schema fql-toml` lists every key")


def read_settings(text: str, name: str = "fql.toml") -> Settings:
    """The settings of a file's text. Raises SettingsFileError that names every problem."""
    try:
        document = tomllib.loads(text, parse_float=Written.of)
    except tomllib.TOMLDecodeError as error:
        raise SettingsFileError(name, [_syntax_problem(error, text)]) from None
    except RecursionError:
        raise SettingsFileError(name, [Problem(0, "it nests too deeply")]) from None
    try:
        return Settings.model_validate(document)
    except ValidationError as error:
        lines = key_lines(text)
        raise SettingsFileError(name, [_problem(e, lines) for e in error.errors()]) from None


def _syntax_problem(error: tomllib.TOMLDecodeError, text: str) -> Problem:
    message, _, place = str(error).rpartition(" (at ")
    found = re.match(r"line (\d+)", place)
    line = int(found[1]) if found else len(text.splitlines())
    return Problem(line, f"this is not TOML: {message[:1].lower()}{message[1:]}")


def key_lines(text: str) -> dict[Path, int]:
    """The line of each table and key. An approximation that only serves messages: TOML in odd
    layouts gives the line of the table, or none."""
    lines: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _dotted(header[1])
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault(table + _dotted(key[1]), number)
    return lines


def _dotted(text: str) -> Path:
    return tuple(part.strip().strip("\"'") for part in text.split("."))


def _problem(error: ErrorDetails, lines: Mapping[Path, int]) -> Problem:
    path = _path_of(error["loc"])
    return Problem(_line(path, lines), _message(error, path, _kind(error["loc"])))


def _path_of(location: Sequence[int | str]) -> Path:
    """The written path: pydantic adds the kind of a source after its name."""
    path = tuple(str(part) for part in location)
    if len(path) > 3 and path[0] == "sources":
        return path[:2] + path[3:]
    return path


def _kind(location: Sequence[int | str]) -> str:
    """The kind of the source that a problem is in; empty elsewhere."""
    return str(location[2]) if len(location) > 3 and location[0] == "sources" else ""


def _line(path: Path, lines: Mapping[Path, int]) -> int:
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 0)


def _message(error: ErrorDetails, path: Path, kind: str) -> str:
    key = path[-1] if path else ""
    match error["type"]:
        case "extra_forbidden":
            return f"unknown {_called(path)}{_suggestion(path, kind)}"
        case "missing":
            return f"[{'.'.join(path[:-1])}] needs the key `{key}`"
        case "union_tag_not_found":
            return f"[{'.'.join(path)}] needs the key `kind`: {_kinds()}"
        case "union_tag_invalid":
            return f"[{'.'.join(path)}] has an unknown `kind`; it is one of {_kinds()}"
        case "value_error":
            return f"{'.'.join(path)}: {error['msg'].removeprefix('Value error, ')}"
        case _:
            wanted = _IN_TOML.get(error["type"], error["msg"].removeprefix("Input should be "))
            given = masked_urls(_as_written(error["input"]))
            return f"{'.'.join(path)} is {given}; it must be {wanted}"


_IN_TOML = {
    "string_type": "a text in quotes",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list in brackets",
    "list_type": "a list in brackets",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}
"""What is wanted, in the words of TOML; the model names types of Python."""


def _as_written(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case _:
            return repr(value)


def _called(path: Path) -> str:
    if len(path) == 1:
        return f"table [{path[0]}]"
    return f"key `{path[-1]}` in [{'.'.join(path[:-1])}]"


def _kinds() -> str:
    return ", ".join(f"`{kind}`" for kind in SOURCE_KINDS)


def _suggestion(path: Path, kind: str) -> str:
    known = sorted(SOURCE_KINDS[kind].model_fields) if kind else _keys_beside(path)
    if meant := did_you_mean(path[-1], known):
        return f"; {meant}"
    return f"; its keys are {', '.join(f'`{key}`' for key in known)}" if known else ""


def _keys_beside(path: Path) -> list[str]:
    model: type[BaseModel] | None = Settings
    for part in path[:-1]:
        model = _table_of(model, part)
        if model is None:
            return []
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def _table_of(model: type[BaseModel] | None, key: str) -> type[BaseModel] | None:
    """The model of a table inside a table; optional tables are unions with None."""
    field = model.model_fields.get(key) if model else None
    if field is None:
        return None
    kinds = getattr(field.annotation, "__args__", (field.annotation,))
    tables = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
    return tables[0] if tables else None


def every_key() -> tuple[str, ...]:
    """Every key of `fql.toml`, dotted; those of sources as `sources.NAME.KIND.key`."""
    return tuple(_walk(Settings, ""))


def _walk(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        key = prefix + (field.alias or name)
        inner = _table_of(model, name)
        if model is Settings and name == "sources":
            for kind, table in SOURCE_KINDS.items():
                yield from _walk(table, f"sources.NAME.{kind}.")
        elif inner is not None:
            yield from _walk(inner, f"{key}.")
        else:
            yield key
