"""FQL371: signing secrets with dates: times in which none of them signs, so nothing can be sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from fqlc.checks.levels import Given
from fqlc.checks.model import Program
from fqlc.diagnostics.sink import Sink

FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)

Stretch = tuple[datetime, datetime]


def check(program: Program, sink: Sink) -> None:
    """Judge each list of secrets where it is written."""
    for settings in program.levels():
        given = settings.get("signing.secret")
        if given is not None and given.span is not None:
            _secrets(given, sink)


def _secrets(given: Given, sink: Sink) -> None:
    values = given.value if isinstance(given.value, list) else [given.value]
    stretches = [_stretch(value) if isinstance(value, dict) else (FIRST, LAST) for value in values]
    if given.span is None:
        return
    for begin, end in stretches:
        if end <= begin:
            sink.error(
                "FQL371", "this secret ends before it starts, so it never signs", given.span,
                label="never in use",
            )  # fmt: skip
            return
    for begin, end in uncovered(stretches):
        until = "on" if end == LAST else f"to {end.isoformat()}"
        sink.warning(
            "FQL371",
                f"no secret signs from {begin.isoformat()} {until}: nothing is sent in "
                f"that time",
            given.span, label="does not cover all time",
            help=("start the next secret before the last one ends",),
        )  # fmt: skip


def uncovered(stretches: list[Stretch]) -> list[Stretch]:
    """The times after the first secret begins in which none is in use."""
    found: list[Stretch] = []
    ordered = sorted(stretches)
    covered = ordered[0][1] if ordered else LAST
    for begin, end in ordered:
        if begin > covered:
            found.append((covered, begin))
        covered = max(covered, end)
    return found if covered == LAST else [*found, (covered, LAST)]


def _stretch(secret: Mapping[str, object]) -> Stretch:
    return _moment(secret.get("not_before"), FIRST), _moment(secret.get("not_after"), LAST)


def _moment(text: object, otherwise: datetime) -> datetime:
    """Dates were checked when they were read."""
    return datetime.fromisoformat(text) if isinstance(text, str) else otherwise
