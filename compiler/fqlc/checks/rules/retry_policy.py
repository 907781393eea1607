"""FQL341: retry policies that contradict themselves, judged as merged over all levels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fql.plan.policies import DEFAULTS
from fqlc.checks.levels import Given, merged
from fqlc.checks.model import Program
from fqlc.checks.values import duration_text
from fqlc.diagnostics.model import Label
from fqlc.diagnostics.sink import Sink
from fqlc.source.text import Span


def check(program: Program, sink: Sink) -> None:
    """Judge each named policy, endpoint and action; the same cause is reported once."""
    for settings, where in _policies(program):
        values = _Values(settings, where)
        _statuses(values, sink)
        _success(values, sink)
        _cap(values, sink)


def _policies(program: Program) -> Iterator[tuple[Mapping[str, Given], Span]]:
    for name, settings in program.retries.items():
        yield merged([settings]), program.project.retries[name].span
    for endpoint in program.endpoints.values():
        yield program.effective_at(endpoint), endpoint.block.header
    for observer in program.observers:
        for action in observer.actions:
            yield program.effective(observer, action), action.block.header


class _Values:
    """The values of a policy with the places where they were written."""

    def __init__(self, settings: Mapping[str, Given], where: Span) -> None:
        self._settings = settings
        self._where = where

    def given(self, key: str) -> bool:
        return self.written(key) is not None

    def written(self, key: str) -> Span | None:
        found = self._settings.get(f"retry.{key}")
        return found.span if found is not None else None

    def number(self, key: str) -> float:
        found = self._settings.get(f"retry.{key}")
        value = found.value if found is not None else DEFAULTS[f"retry.{key}"]
        return float(value) if isinstance(value, int | float) else 0.0

    def word(self, key: str) -> str:
        found = self._settings.get(f"retry.{key}")
        return str(found.value if found is not None else DEFAULTS[f"retry.{key}"])

    def statuses(self, key: str) -> set[int]:
        found = self._settings.get(f"retry.{key}")
        value = found.value if found is not None else DEFAULTS[f"retry.{key}"]
        return set(value) if isinstance(value, list) else set()

    def place(self, *keys: str) -> Span:
        """The first of the keys that was written, else the whole."""
        return next((s for k in keys if (s := self.written(k)) is not None), self._where)

    def labels(self, **texts: str) -> tuple[Label, ...]:
        return tuple(
            Label(span, text) for key, text in texts.items() if (span := self.written(key))
        )


def _statuses(values: _Values, sink: Sink) -> None:
    """A status in both lists. A default list gives way: only what was written can contradict."""
    both = values.statuses("retry_on") & values.statuses("dont_retry_on")
    if not both or not (values.given("retry_on") and values.given("dont_retry_on")):
        return
    listed = ", ".join(str(s) for s in sorted(both)[:5])
    sink.error(
        "FQL341",
        f"the status {listed} is in both `retry_on` and `dont_retry_on`",
        values.place("dont_retry_on"),
        label="fails at once here",
        labels=values.labels(retry_on="tried again here"),
        help=("keep it in one of the lists",),
    )


def _success(values: _Values, sink: Sink) -> None:
    for key in ("retry_on", "dont_retry_on"):
        good = sorted(s for s in values.statuses(key) if 200 <= s <= 299)
        if good and values.given(key):
            sink.error(
                "FQL341",
                f"{good[0]} is a success, which is neither tried again nor a failure",
                values.place(key),
                label=f"`{key}` holds a success",
                help=("remove the statuses from 200 to 299",),
            )


def _cap(values: _Values, sink: Sink) -> None:
    first, cap = values.number("initial_delay"), values.number("max_delay")
    if not (values.given("initial_delay") or values.given("max_delay")):
        return
    if cap < first:
        sink.error(
            "FQL341",
            f"the cap `{duration_text(int(cap))}` is below the first delay "
            f"`{duration_text(int(first))}`",
            values.place("max_delay", "initial_delay"),
            label="no delay is ever longer than the cap",
            labels=values.labels(initial_delay="the first delay"),
            help=("raise `max_delay`, or lower `initial_delay`",),
        )
    elif values.given("max_delay"):
        _unreached_cap(values, first, cap, sink)


def _unreached_cap(values: _Values, first: float, cap: float, sink: Sink) -> None:
    failures = int(values.number("max_attempts")) - 1
    longest = _longest(values, first, failures)
    if failures < 1 or longest >= cap:
        return
    many = f"{failures} delays" if failures > 1 else "one delay"
    sink.warning(
        "FQL341",
        f"the cap `{duration_text(int(cap))}` is never reached: the largest of {many} is "
        f"`{duration_text(int(longest))}`",
        values.place("max_delay"),
        label="never reached",
        labels=values.labels(
            max_attempts="so many attempts", initial_delay="the first delay", backoff="growth"
        ),
        help=("remove it, or raise `max_attempts`",),
    )


def _longest(values: _Values, first: float, failures: int) -> float:
    backoff = values.word("backoff")
    if backoff == "fixed" or failures < 1:
        return first
    if backoff == "linear":
        return first * failures
    growth = min(failures - 1, 200)
    return float(min(first * values.number("multiplier") ** growth, 1e15))
