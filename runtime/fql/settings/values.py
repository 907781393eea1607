"""The kinds of values in `fql.toml`: durations, sizes, statuses, secrets, and their ranges."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from fql.plan.files import is_own_path
from fql.plan.units import MILLISECONDS, parse_duration, parse_size, show_duration

HOUR, DAY = MILLISECONDS["h"], MILLISECONDS["d"]

NAMED = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")


def _duration(value: object) -> int:
    if isinstance(value, str):
        return parse_duration(value)
    raise ValueError(f'{value!r} has no unit; write a duration as text, such as "30s"')


def _size(value: object) -> int:
    if isinstance(value, str):
        return parse_size(value)
    raise ValueError(f'{value!r} has no unit; write a size as text, such as "10GB"')


@dataclass(frozen=True, slots=True)
class Range:
    """Refuses what is outside of the range that the compiler allows for the same key."""

    least: int
    most: int
    show: Callable[[int], str]

    def __call__(self, value: int) -> int:
        """The value. Raises ValueError."""
        if not self.least <= value <= self.most:
            raise ValueError(f"{self.show(value)} is outside of {self}")
        return value

    def __str__(self) -> str:
        return f"{self.show(self.least)} to {self.show(self.most)}"


def within(least: int, most: int, show: Callable[[int], str]) -> AfterValidator:
    """A range of whole numbers that `show` writes as people do."""
    return AfterValidator(Range(least, most, show))


def lasts(least: int, most: int) -> AfterValidator:
    """`within` for durations, in milliseconds."""
    return within(least, most, show_duration)


def as_tuple(value: object) -> object:
    """A list of TOML as a tuple."""
    return tuple(value) if isinstance(value, list) else value


def _statuses(value: object) -> object:
    """Numbers and ranges such as `"500..599"`, as sorted numbers."""
    if not isinstance(value, list):
        raise ValueError(  # noqa: TRY004  (pydantic collects ValueErrors only)
            "it must be a list of HTTP statuses, such as [429, 503]"
        )
    found: set[int] = set()
    for item in value:
        first, dots, last = str(item).partition("..")
        if isinstance(item, bool) or not first.isdecimal() or (dots and not last.isdecimal()):
            raise ValueError(f'{item!r} is not an HTTP status; write 503 or "500..599"')
        ends = (int(first), int(last or first))
        if not all(100 <= end <= 599 for end in ends):
            raise ValueError("HTTP statuses are between 100 and 599")
        found.update(range(ends[0], ends[1] + 1))
    return tuple(sorted(found))


def _own_path(value: str) -> str:
    """A path of the project's own: whoever sends a change may write the settings as well."""
    if not is_own_path(value):
        raise ValueError(f"{value!r} leads outside of the project; write a path below its folder")
    return value


def as_secrets(value: object) -> object:
    """One secret or a list of them as a tuple."""
    return as_tuple(value) if isinstance(value, list) else (value,)


def _by_name(value: str) -> str:
    """A secret stands in the environment: what stands here would stand in the plan as well."""
    if not NAMED.search(value):
        raise ValueError('a secret is taken from the environment; write "${NAME}"')
    return value


def _moment(value: object) -> object:
    """A moment of TOML, or a text, as the text of a moment with an offset."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("it must be a date with an offset, such as 2026-03-02T14:00:00Z")
    return value.isoformat()


Duration = Annotated[int, BeforeValidator(_duration)]
"""Milliseconds, written as text with a unit."""
Size = Annotated[int, BeforeValidator(_size)]
"""Bytes, written as text with a unit."""
Words = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
OwnFiles = Annotated[
    tuple[Annotated[str, AfterValidator(_own_path)], ...], BeforeValidator(as_tuple)
]
"""Files and folders below the folder of the settings."""
Ports = Annotated[tuple[Annotated[int, Field(ge=1, le=65_535)], ...], BeforeValidator(as_tuple)]
Statuses = Annotated[tuple[int, ...], BeforeValidator(_statuses)]
Secret = Annotated[str, AfterValidator(_by_name)]
"""A text with a `${NAME}`."""
Moment = Annotated[str, BeforeValidator(_moment)]
Count = Annotated[int, Field(ge=1)]
