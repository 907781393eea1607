"""FQL341: statuses of HTTP in the retry policy of what has none: `publish` and `call`."""

from __future__ import annotations

from collections.abc import Iterator

from fql.plan.kinds import CALL
from fql.plan.policy.table import OF_STATUSES
from fqlc.checks.levels import Settings
from fqlc.checks.model import ActionModel, ObserverModel, Program
from fqlc.diagnostics.sink import Sink
from fqlc.source.text import Span


def check(program: Program, sink: Sink) -> None:
    """Judge what an action, or an observer without any webhook, says itself. What it takes over, by
    the name of a policy or from `defaults`, is there for webhooks too."""
    for observer in program.observers:
        others = [action for action in observer.actions if action.kind != "webhook"]
        for action in others:
            for key, span in _written(action.settings, action.block.span):
                _in_action(action, key, span, sink)
        if others and len(others) == len(observer.actions):
            for key, span in _written(observer.settings, observer.block.span):
                _in_observer(observer, key, span, sink)


def _written(settings: Settings, whole: Span) -> Iterator[tuple[str, Span]]:
    """The lists of statuses that are written in a block itself."""
    for key in sorted(OF_STATUSES & settings.keys()):
        span = settings[key].span
        if span is not None and span.path == whole.path and whole.start <= span.start < whole.end:
            yield key.partition(".")[2], span


def _in_action(action: ActionModel, key: str, span: Span, sink: Sink) -> None:
    kind = action.kind
    sink.error(
        "FQL341", f"`{key}` lists HTTP statuses, and a `{kind}` gets none", span,
        label="has no effect here", help=(_instead(kind),),
    )  # fmt: skip


def _in_observer(observer: ObserverModel, key: str, span: Span, sink: Sink) -> None:
    kinds = dict.fromkeys(action.kind for action in observer.actions)
    sink.warning(
        "FQL341", f"`{key}` lists HTTP statuses, and `{observer.name}` has no `webhook`", span,
        label="has no effect here", help=tuple(_instead(kind) for kind in kinds),
    )  # fmt: skip


def _instead(kind: str) -> str:
    """Who decides on a further attempt."""
    if kind == CALL:
        return "remove it: the function decides, by raising `Retry` or `Permanent`"
    return "remove it: what NATS refuses for good is not tried again, all else is"
