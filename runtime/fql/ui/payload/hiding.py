"""What of an event, its requests and answers a page shows: all, what is not marked, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, cast

from fql.egress.sealing.secrets import Masker
from fql.plan.model import Plan
from fql.store.shown import Attempt, DeadLetter
from fql.ui.payload.marks import HIDDEN, Marks, hidden_keys, values_of

Payloads = Literal["masked", "all", "none"]
SHORTEST = 3
"""Marked values shorter than this are hidden in rows and requests, and not looked for in texts."""
NOTHING = 'not shown: payloads = "none"'


@dataclass(frozen=True, slots=True)
class Hiding:
    """`marks` say what is hidden, `values` what must not be in any text, such as an answer."""

    payloads: Payloads
    marks: Marks = field(default_factory=Marks)
    values: tuple[str, ...] = ()
    _masker: Masker | None = None

    @staticmethod
    def of(payloads: Payloads, plan: Plan | None, entity: str, *rows: object) -> Hiding:
        """For an event of this entity, whose rows these are."""
        if payloads != "masked":
            return Hiding(payloads)
        marks = Marks.of(plan, entity)
        found = {one for row in rows for one in values_of(row, marks.names) if len(one) >= SHORTEST}
        longest_first = tuple(sorted(found, key=len, reverse=True))
        return Hiding(payloads, marks, longest_first, Masker(longest_first))

    def text(self, text: str) -> str:
        """A message: without marked values, in whatever spelling."""
        if self._masker is not None and self.values:
            text = self._masker.text(text)
            for value in self.values:
                text = text.replace(value, HIDDEN)
        return text

    def answer(self, text: str) -> str:
        """What a receiver has answered."""
        return "" if self.payloads == "none" else self.text(text)

    def value(self, value: object) -> object:
        """A row, a request, an envelope."""
        if value is None or self.payloads == "all":
            return value
        if self.payloads == "none":
            return NOTHING
        return self._texts(hidden_keys(value, self.marks.names))

    def _texts(self, value: object) -> object:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self._texts(inner) for key, inner in value.items()}
        return [self._texts(one) for one in value] if isinstance(value, list) else value

    def attempt(self, attempt: Attempt) -> Attempt:
        """A try, with what was answered."""
        error = None if attempt.error is None else self.text(attempt.error)
        return replace(attempt, error=error, response_start=self.answer(attempt.response_start))

    def letter(self, letter: DeadLetter) -> DeadLetter:
        """A dead letter, with its request and envelope."""
        return replace(
            letter,
            reason=self.text(letter.reason),
            request=self._object(letter.request),
            envelope=self._object(letter.envelope),
            attempts=tuple(map(self.attempt, letter.attempts)),
        )

    def _object(self, value: dict[str, object] | None) -> dict[str, object] | None:
        if value is None or self.payloads == "all":
            return value
        if self.payloads == "none":
            return {
                key: value[key] for key in ("method", "kind", "entity", "event") if key in value
            }
        return cast("dict[str, object]", self.value(value))


ROWS = ("new", "old")


def rows_of(event: Mapping[str, object] | None) -> Iterable[object]:
    """Both rows of an event as people see it."""
    return () if event is None else (event.get(name) for name in ROWS)


def hidden_event(hiding: Hiding, event: Mapping[str, object]) -> dict[str, object]:
    """An event as people see it: what it is about stays, its rows and context are hidden."""
    hidden = (*ROWS, "context")
    return {name: hiding.value(one) if name in hidden else one for name, one in event.items()}
