"""The kinds of values in `fql.toml`: durations, sizes, statuses, secrets, and their ranges."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from fql.plan.environment import REFERENCE, references_in
from fql.plan.language.units import DURATION, MILLISECONDS, SIZE, parse_duration, parse_size
from fql.plan.policy.keys import Kind, Range
from fql.plan.stored.files import is_own_path
from fql.settings.brokers import brokers_problem, name_problem
from fql.settings.databases import server_problem

DAY = MILLISECONDS["d"]


def _duration(value: object) -> int:
    if isinstance(value, str):
        return parse_duration(value)
    raise ValueError(f'{value!r} has no unit; write a duration as text, such as "30s"')


def _size(value: object) -> int:
    if isinstance(value, str):
        return parse_size(value)
    raise ValueError(f'{value!r} has no unit; write a size as text, such as "10GB"')


class Written(Decimal):
    """A number with a fraction as the file has it: exact, and shown as it is written."""

    __repr__ = Decimal.__str__

    @staticmethod
    def of(text: str) -> Written:
        """Never fails: a number beyond what decimals hold is infinite."""
        try:
            return Written(text)
        except InvalidOperation:
            return Written("-Infinity" if text.startswith("-") else "Infinity")


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError(f"{value!r} is not a number; write one such as 2.5")  # noqa: TRY004
    return Written(value) if isinstance(value, int | Decimal) else Written(repr(value))


@dataclass(frozen=True, slots=True)
class Within:
    """Refuses what is outside a range, judged exactly. A number with a fraction is a float from
    then on, as plans hold it."""

    range: Range

    def __call__(self, value: int | Decimal) -> int | float:
        """The value. Raises ValueError."""
        if self.range.passed_by(value):
            shown = self.range.kind.written(value) if isinstance(value, int) else value
            raise ValueError(f"{shown} is outside {self.range}")
        return value if isinstance(value, int) else float(value)


def within(kind: Kind, least: int, most: int) -> AfterValidator:
    """A range of whole numbers of a kind."""
    return AfterValidator(Within(Range(kind, least, most)))


def lasts(least: int, most: int) -> AfterValidator:
    """`within` for durations, in milliseconds."""
    return within(Kind.DURATION, least, most)


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


def host_and_port(text: str) -> tuple[str, int]:
    """The parts of an address to listen on, such as `127.0.0.1:8786` or `[::1]:8786`. Raises
    ValueError."""
    found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):([0-9]{1,5})", text)
    if found is None or int(found[3]) > 65_535:
        raise ValueError(
            f"{text!r} is not an address to listen on: write host and port, such as"
            " 127.0.0.1:8786 or [::1]:8786"
        )
    return found[1] or found[2], int(found[3])


def _listen(text: str) -> str:
    """One with names of the environment is judged when they are known."""
    if not any(references_in(text)):
        host_and_port(text)
    return text


def _tokens(value: object) -> object:
    """One text, or a list of them; no message shows what was written."""
    tokens = (value,) if isinstance(value, str) else as_tuple(value)
    if not isinstance(tokens, tuple) or not tokens:
        raise ValueError("write a token in quotes, or a list of tokens")
    for token in tokens:
        if not isinstance(token, str) or not _is_token(token):
            raise ValueError(
                "a token is a text that is not empty, of letters, digits and - . _ ~ + /"
            )
    return tokens


def _is_token(text: str) -> bool:
    """One with names of the environment is judged when they are known."""
    return any(references_in(text)) or bool(re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", text))


def _own_path(value: str) -> str:
    """A path of the project's own: whoever sends a change may write the settings as well."""
    if any(references_in(value)):
        raise ValueError(
            f"{value!r} names the environment, which a compile does not read: write the path"
        )
    if not is_own_path(value):
        raise ValueError(f"{value!r} leads outside the project; write a path below its folder")
    return value


def one_or_more(value: object) -> object:
    """One text or a list of them as a tuple."""
    return as_tuple(value) if isinstance(value, list | tuple) else (value,)


def _by_name(value: str) -> str:
    """A secret is in the environment: what is here would be in the plan as well."""
    if not any(references_in(value)):
        raise ValueError('a secret is taken from the environment; write "${NAME}"')
    return value


def _server_url(url: str) -> str:
    """One with names of the environment is judged when they are known."""
    problem = "" if any(references_in(url)) else server_problem(url)
    if problem:
        raise ValueError(problem)
    return url


def _broker_urls(urls: tuple[str, ...]) -> tuple[str, ...]:
    """Those with names of the environment are judged when they are known."""
    known = [url for url in urls if not any(references_in(url))]
    problem = brokers_problem(known) if known or not urls else ""
    if problem:
        raise ValueError(problem)
    return urls


def _stream_name(name: str) -> str:
    if problem := name_problem(name):
        raise ValueError(problem)
    return name


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


DURATION_SCHEMA = {"type": "string", "pattern": DURATION}
SIZE_SCHEMA = {"type": "string", "pattern": SIZE}
_STATUS_SCHEMA = {"type": ["integer", "string"], "minimum": 100, "maximum": 599,
                  "pattern": "^[1-5][0-9][0-9](\\.\\.[1-5][0-9][0-9])?$"}  # fmt: skip
_TOKEN = {"type": "string", "minLength": 1}

Duration = Annotated[int, BeforeValidator(_duration), WithJsonSchema(DURATION_SCHEMA)]
"""Milliseconds, written as text with a unit."""
Size = Annotated[int, BeforeValidator(_size), WithJsonSchema(SIZE_SCHEMA)]
"""Bytes, written as text with a unit."""
Number = Annotated[object, BeforeValidator(_number), WithJsonSchema({"type": "number"})]
"""A number, exact until its range is judged."""
Words = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
OwnFiles = Annotated[
    tuple[Annotated[str, AfterValidator(_own_path)], ...], BeforeValidator(as_tuple)
]
"""Files and folders below the folder of the settings."""
Ports = Annotated[tuple[Annotated[int, Field(ge=1, le=65_535)], ...], BeforeValidator(as_tuple)]
Listen = Annotated[str, AfterValidator(_listen)]
"""Host and port to listen on."""
Tokens = Annotated[
    tuple[str, ...],
    BeforeValidator(_tokens),
    WithJsonSchema({"anyOf": [_TOKEN, {"type": "array", "items": _TOKEN, "minItems": 1}]}),
]
"""Tokens, any of which will do."""
Statuses = Annotated[
    tuple[int, ...],
    BeforeValidator(_statuses),
    WithJsonSchema({"type": "array", "items": _STATUS_SCHEMA}),
]
Secret = Annotated[
    str, AfterValidator(_by_name), WithJsonSchema({"type": "string", "pattern": REFERENCE})
]
"""A text with a `${NAME}`."""
ServerUrl = Annotated[str, AfterValidator(_server_url)]
"""Where a database is on a server."""
StreamName = Annotated[str, AfterValidator(_stream_name)]
"""What a stream or a bucket of NATS may be called."""
BrokerUrls = Annotated[tuple[str, ...], BeforeValidator(one_or_more), AfterValidator(_broker_urls)]
"""One address of a NATS server, or a list of them."""
Moment = Annotated[
    str, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})
]
