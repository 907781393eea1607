"""FQL351 and FQL206: what does not go with a batch: others waiting for it (a warning), an order."""

from __future__ import annotations

from fql.plan.language.units import show_duration
from fqlc.checks.model import ActionModel, ObserverModel, Program
from fqlc.diagnostics.model import Label
from fqlc.diagnostics.sink import Sink


def check(program: Program, sink: Sink) -> None:
    """Look at each batched action."""
    for observer in program.observers:
        for action in observer.actions:
            if action.batched:
                _waiting(program, observer, action, sink)
                _ordered(observer, action, sink)


def _waiting(program: Program, observer: ObserverModel, action: ActionModel, sink: Sink) -> None:
    after = [e for e in observer.graph.out_of[action.name] if not e.failure]
    if not after:
        return
    settings = program.effective(observer, action)
    size, wait = settings.get("batch.size"), settings.get("batch.timeout")
    bounds = [f"{size.value} events"] if size else []
    if wait is not None and isinstance(wait.value, int):
        bounds.append(show_duration(wait.value))
    names = ", ".join(f"`{e.target.name}`" for e in after)
    given = action.settings.get("batch.size")
    sink.warning(
        "FQL351",
        f"{names} would wait for the batch of `{action.name}`: for up to {' or '.join(bounds)}",
        given.span if given and given.span else action.block.header,
        label="collected here",
        labels=tuple(Label(e.span, f"`{e.target.name}` waits here") for e in after[:3]),
        help=(f"move `{action.name}` to the end of the flow, or beside {names}",),
    )


def _ordered(observer: ObserverModel, action: ActionModel, sink: Sink) -> None:
    if observer.order_by is not None:
        sink.error(
            "FQL206",
            "`order_by` does not go with a batch: a batch mixes events of many keys",
            observer.order_by.span,
            label="an order",
            labels=(Label(action.block.header, "this action collects a batch"),),
            help=("remove one of the two",),
        )
