"""What a plan takes from the environment, and how what is sent is shown without it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fql.egress.sealing.secrets import Masker
from fql.exact.reading import read_foreign
from fql.plan.model import Plan

SHOWN_BODY = 65_536
"""Bytes of a body that a dead letter shows."""


class Recording(Mapping[str, str]):
    """An environment that remembers which values were taken, so that they can be masked.

    With `stand_in` every name has that value: what `test_url` sends instead of credentials.
    """

    def __init__(self, names: Mapping[str, str], stand_in: str | None = None) -> None:
        self._names = names
        self._stand_in = stand_in
        self.used: list[str] = []

    def __getitem__(self, name: str) -> str:
        value = self._names[name]
        self.used.append(value)
        return value if self._stand_in is None else self._stand_in

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def known_values(plan: Plan, environment: Mapping[str, str]) -> Masker:
    """Masks every value that a plan takes from the environment, whichever action uses it."""
    return Masker(environment.get(wanted.name, "") for wanted in plan.environment)


def shown_body(body: bytes, masker: Masker) -> object:
    """A body for people, masked: JSON as JSON while it is short, else its start as text."""
    if not body:
        return None
    if len(body) <= SHOWN_BODY:
        try:
            return masker.value(read_foreign(body))
        except ValueError:
            pass
    return masker.start(body[:SHOWN_BODY].decode("utf-8", "replace"), cut=len(body) > SHOWN_BODY)
