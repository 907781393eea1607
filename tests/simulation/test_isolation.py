"""A receiver that never answers delays nobody, however much work waits for it."""

from __future__ import annotations

import pytest

from fql.actions.port import Outcome
from fql.engine.core.held.inputs import CoreSettings, Performed
from fql.engine.program.limits import EndpointLimits
from fql.plan.policies import RetryPolicy
from tests.engine.programs import observer, program
from tests.simulation.world import World

EVENTS = 120
LIMITS = {"dead": EndpointLimits(concurrency=4, failures=0)}


class Silent(World):
    """Only the receivers that live answer, and at once."""

    def answer_living(self) -> bool:
        """Whether there was somebody to answer."""
        landing = [work for work in self.wire if work.spec.endpoint != "dead"]
        self.wire = [work for work in self.wire if work.spec.endpoint == "dead"]
        for work in landing:
            done = Performed(work, Outcome(status=200), work.sends, self.clock.now(), "{}")
            self.inputs.outcomes.append(done)
        return bool(landing)

    def go_on(self) -> None:
        """Until only the dead one is waited for."""
        for _ in range(EVENTS * 10):
            self.cycle()
            if not self.answer_living() and not self.inputs:
                return
        raise AssertionError("it never comes to rest")


def place(node: str) -> str:
    return "dead" if node == "a" else f"alive {node}"


@pytest.mark.parametrize("flow", ["a,b", "a,b,c", "b,a", "b>a,c", "b>a,b>c"])
@pytest.mark.parametrize("together", [True, False])
def test_siblings_of_a_dead_receivers_action_are_sent(flow: str, together: bool) -> None:
    """In one run, with far more runs than memory holds."""
    retry = RetryPolicy(max_attempts=1)
    made = program(observer(flow, retry=retry, endpoint=place), limits=LIMITS)
    world = Silent(made, 1, CoreSettings(window=40, max_in_flight=64), failure_rate=0.0)
    for number in range(EVENTS):
        world.emit(number)
        if not together:
            world.go_on()
    world.go_on()
    for node in set(flow.replace(">", ",").split(",")) - {"a"}:
        sent = {arrival.members[0] for arrival in world.ledger if arrival.node == node}
        assert len(sent) == EVENTS, f"{node} has been sent {len(sent)} times"
    assert len(world.state.runs) <= 40, "memory is bounded"
