"""Which dead letters could not be replayed as asked, said by whoever asks, before it is ordered.

The engine checks the same again when it carries the command out: by then another plan may be
active.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from fql.engine.program.fit import Measure, Past, Story, Unfit
from fql.errors import PlanError
from fql.events.intake import Intake
from fql.plan.model import Plan, PlanNode
from fql.store.plans import plan_of
from fql.store.records import Loaded, StoredPlan
from fql.store.works import decode_works


class Refits:
    """Checks stored runs against the `active` plan (None: they go by their own), or an `answer`
    that is to stand in for a receiver's against the plan of the run."""

    def __init__(
        self, plans: Sequence[StoredPlan], active: Plan | None, answer: object = None
    ) -> None:
        self._plans = {plan.short: plan for plan in plans}
        self._measures: dict[str, Measure | None] = {}
        self._active = None if active is None else Measure(active, Intake(active))
        self._answer = answer

    def problem(self, loaded: Loaded, action: str) -> str:
        """Why this action of a stored run cannot be replayed, or nothing."""
        own = self._own(loaded.run.plan)
        if self._answer is not None:
            return "" if own is None else self._misfit(own, loaded.run.observer, action)
        if self._active is None or own is None or own.plan.digest == self._active.plan.digest:
            return ""
        found = self._active.fit(_story(loaded, own.plan, action), own)
        return found.why if isinstance(found, Unfit) else ""

    def _own(self, short: str) -> Measure | None:
        if short not in self._measures:
            self._measures[short] = None
            with suppress(KeyError, PlanError):
                plan = plan_of(self._plans[short])
                self._measures[short] = Measure(plan, Intake(plan))
        return self._measures[short]

    def _misfit(self, own: Measure, observer: str, action: str) -> str:
        node = next((node for node in _nodes(own.plan, observer) if node.name == action), None)
        if node is None or node.config.response is None:
            return ""
        try:
            own.intake.fit_answer(node.config.response, self._answer)
        except ValueError as misfit:
            return f"the response does not fit: {misfit}"
        return ""


def _nodes(plan: Plan, observer: str) -> Sequence[PlanNode]:
    return next((each.nodes for each in plan.observers if each.name == observer), ())


def _story(loaded: Loaded, own: Plan, action: str) -> Story:
    run, event = loaded
    works = zip(_nodes(own, run.observer), decode_works(run.works), strict=False)
    past = {node.name: Past(work.state, work.answer) for node, work in works}
    payload = event.payload.encode()
    return Story(run.observer, action, event.entity, event.kind, payload, past)
