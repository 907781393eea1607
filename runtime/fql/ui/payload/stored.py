"""Dead letters and stories as the page shows them: what is not to be seen is taken out first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fql.client import Client
from fql.plan.model import Plan
from fql.store.records import Loaded
from fql.store.shown import DeadLetter, Trace
from fql.store.works import run_name
from fql.ui.payload.hiding import Hiding, Payloads, hidden_event, rows_of
from fql.ui.payload.marks import Marks
from fql.ui.payload.request import hiding_of, written
from fql.ui.shelf import Shelf


async def hidden_letters(
    shelf: Shelf, client: Client, payloads: Payloads, letters: Sequence[DeadLetter]
) -> list[DeadLetter]:
    """Dead letters without what is not shown. Where a plan marks something, a request is written
    again from its event: only the plan tells what of it was made of a marked value."""
    plans = {one.plan_digest: await shelf.of(client, one.plan_digest) for one in letters}
    marked = [
        one.run
        for one in letters
        if one.run and payloads == "masked" and Marks.of(plans[one.plan_digest], one.entity).names
    ]
    runs = {run_name(one.run.id): one for one in await client.stored_runs(marked)}
    return [
        _hidden(one, plans[one.plan_digest], runs.get(one.run or ""), payloads) for one in letters
    ]


def _hidden(
    letter: DeadLetter, plan: Plan | None, loaded: Loaded | None, payloads: Payloads
) -> DeadLetter:
    if loaded is None or plan is None:
        hiding = Hiding.of(payloads, plan, letter.entity, *rows_of(letter.envelope))
        # Without the event nobody knows which of its values were put into the request.
        lost = letter.run is not None and bool(hiding.marks.names)
        return hiding.letter(replace(letter, request=None) if lost else letter)
    hiding = hiding_of(loaded, plan, Hiding(payloads))
    parts = None if letter.request is None else written(plan, loaded, letter.action, hiding).parts
    return replace(hiding.letter(letter), request=None if parts is None else dict(parts))


async def hidden_trace(shelf: Shelf, client: Client, payloads: Payloads, trace: Trace) -> Trace:
    """A story without what is not shown."""
    event = trace.event
    plan = await shelf.of(client, trace.runs[0].plan) if trace.runs else await shelf.active(client)
    hiding = Hiding.of(payloads, plan, str((event or {}).get("entity", "")), *rows_of(event))
    return replace(
        trace,
        event=None if event is None else hidden_event(hiding, event),
        attempts={run: tuple(map(hiding.attempt, each)) for run, each in trace.attempts.items()},
        dead_letters=tuple(await hidden_letters(shelf, client, payloads, list(trace.dead_letters))),
    )
