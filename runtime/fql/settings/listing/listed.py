"""A key of `fql.toml` as `fqlc config` shows it. Imports nothing: the command starts at once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Listed:
    """A key, its value as a file would have it, and the line that sets it; 0 where none does.
    `names` are the names of the environment in the value. None is the value of what is off."""

    key: str
    value: object
    default: object
    line: int
    doc: str
    names: tuple[str, ...] = ()
