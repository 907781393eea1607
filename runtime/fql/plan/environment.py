"""`${NAME}`: a value of the environment by its name. The one place that knows how it is written,
who names what, and what is missing. Pure; imports nothing of the plan.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from fql.errors import MissingSecrets

REFERENCE = r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}"
"""How a reference is written, as a regular expression."""
_REFERENCE = re.compile(REFERENCE)


class Reference(NamedTuple):
    """A reference in a text: `text[start:end]` is `${NAME}`."""

    start: int
    end: int
    name: str


def reference_at(text: str, start: int) -> Reference | None:
    """The reference that begins there, if one does."""
    found = _REFERENCE.match(text, start)
    return Reference(start, found.end(), found[1]) if found else None


def begins_none(text: str) -> bool:
    """Whether a `${` of a text begins no reference: a slip, since nothing else is written so."""
    return text.count("${") > sum(1 for _ in _REFERENCE.finditer(text))


def references_in(value: object) -> Iterator[str]:
    """The names in plain texts within a value, as `fql.toml` and policies from there have them."""
    if isinstance(value, str):
        yield from _REFERENCE.findall(value)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from references_in(item)
    elif isinstance(value, Mapping):
        yield from references_in(list(value.values()))


def names_in(part: object) -> Iterator[str]:
    """The names in stored expressions: each is a text part `{"environment": NAME}`."""
    if isinstance(part, Mapping):
        name = part.get("environment")
        if isinstance(name, str) and len(part) == 1:
            yield name
        for value in part.values():
            yield from names_in(value)
    elif isinstance(part, list | tuple):
        for value in part:
            yield from names_in(value)


def filled(text: str, value_of: Callable[[str], str]) -> str:
    """The text with each reference replaced by the value of its name, which is taken as it is:
    what looks like a reference in it is none."""
    return _REFERENCE.sub(lambda found: value_of(found[1]), text)


class Places(Mapping[str, str]):
    """Values of names from several places."""

    @property
    @abstractmethod
    def places(self) -> Sequence[str]:
        """Where a value is looked for, in their order and in words where `NAME` is the name."""


def require(wanted: Mapping[str, Sequence[str]], environment: Mapping[str, str]) -> None:
    """Raises MissingSecrets with all names that the environment lacks; `wanted` gives the users of
    each name."""
    missing = {name: list(users) for name, users in wanted.items() if name not in environment}
    if missing:
        if isinstance(environment, Places):
            raise MissingSecrets(missing, environment.places)
        raise MissingSecrets(missing)


def lookup(environment: Mapping[str, str], name: str, used_by: str) -> str:
    """The value of one name. Raises MissingSecrets."""
    require({name: [used_by]}, environment)
    return environment[name]


def together(*wanted: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The users of each name in several places, so that all missing names make one error."""
    found: dict[str, list[str]] = {}
    for users_of in wanted:
        for name, users in users_of.items():
            found.setdefault(name, []).extend(users)
    return found
