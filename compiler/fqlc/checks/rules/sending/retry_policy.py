"""FQL341: retry policies that contradict themselves, judged as merged over all levels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields

from fql.plan.contradictions import contradictions
from fql.plan.language.units import show_duration
from fql.plan.policies import RetryPolicy
from fqlc.checks.levels import Given, merged
from fqlc.checks.model import Program
from fqlc.diagnostics.model import Label
from fqlc.diagnostics.sink import Sink
from fqlc.source.text import Span


def check(program: Program, sink: Sink) -> None:
    """Judge each named policy, endpoint and action; the same cause is reported once.

    A cap that is never reached is reported where it is written, not where it is inherited: it
    may be of use for others. In an observer it is when one of its actions reaches it.
    """
    for policies in _places(program):
        for values in policies:
            _contradictions(values, sink)
        of_use = {values.written("max_delay") for values in policies if _may_reach_its_cap(values)}
        for values in policies:
            if values.written("max_delay") not in of_use and values.is_own("max_delay"):
                _unreached_cap(values, sink)


def _places(program: Program) -> Iterator[list[_Values]]:
    """What holds in each place that could be read in full; in an observer for each action."""
    for name, settings in program.retries.items():
        symbol = program.project.retries[name]
        if symbol.broken:
            continue
        yield [_Values(merged([settings]), symbol.span, symbol.declaration.span)]
    for endpoint in program.endpoints.values():
        block = endpoint.block
        if block.sound:
            yield [_Values(program.effective_at(endpoint), block.header, block.span)]
    for observer in program.observers:
        yield [
            _Values(program.effective(observer, action), action.block.header, observer.block.span)
            for action in observer.actions
            if action.block.sound
        ]


class _Values:
    """The values of a policy with the places where they were written."""

    def __init__(self, settings: Mapping[str, Given], where: Span, whole: Span) -> None:
        """`where` is the head of the place, `whole` its stretch."""
        self._settings = settings
        self.policy = RetryPolicy.of({key: given.value for key, given in settings.items()})
        self._where = where
        self._whole = whole

    def given(self, key: str) -> bool:
        return self.written(key) is not None

    def written(self, key: str) -> Span | None:
        found = self._settings.get(f"retry.{key}")
        return found.span if found is not None else None

    def place(self, *keys: str) -> Span:
        """The first of the keys that was written here, else anywhere, else the head."""
        spans = [span for key in keys if (span := self.written(key)) is not None]
        here = (span for span in spans if self._contains(span))
        return next(here, spans[0] if spans else self._where)

    def is_own(self, key: str) -> bool:
        """True for a key that was written in this place, not inherited."""
        span = self.written(key)
        return span is not None and self._contains(span)

    def _contains(self, span: Span) -> bool:
        whole = self._whole
        return span.path == whole.path and whole.start <= span.start < whole.end

    def labels(self, **texts: str) -> tuple[Label, ...]:
        return tuple(
            Label(span, text) for key, text in texts.items() if (span := self.written(key))
        )


def _contradictions(values: _Values, sink: Sink) -> None:
    written = {key for f in fields(RetryPolicy) if values.given(key := f.name)}
    for found in contradictions(values.policy, written):
        place = values.place(*found.keys)
        sink.error(
            "FQL341",
            found.message,
            place,
            label=found.label,
            labels=tuple(label for label in values.labels(**found.labels) if label.span != place),
            help=(found.help,),
        )


def _may_reach_its_cap(values: _Values) -> bool:
    """True also where the cap was reported, and where nothing is tried again."""
    policy, failures = values.policy, values.policy.max_attempts - 1
    return failures < 1 or policy.base_delay(failures) >= policy.max_delay


def _unreached_cap(values: _Values, sink: Sink) -> None:
    failures = values.policy.max_attempts - 1
    longest = show_duration(values.policy.base_delay(failures))
    which = f"the largest of {failures} delays" if failures > 1 else "the only delay"
    sink.warning(
        "FQL341",
        f"the cap `{show_duration(values.policy.max_delay)}` is never reached: {which} is "
        f"`{longest}`",
        values.place("max_delay"),
        label="never reached",
        labels=values.labels(
            max_attempts="so many attempts", initial_delay="the first delay", backoff="growth"
        ),
        help=("remove it, or raise `max_attempts`",),
    )
