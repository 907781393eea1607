"""Every commit of small DAGs, with every end a commit can have, and a crash at each point."""

from __future__ import annotations

import itertools

import pytest

from fql.store.port import Verdict
from fql.store.records import Mutations
from tests.engine.programs import observer, program
from tests.simulation.world import World, now

FLOWS = [
    "a", "a>b", "a,b", "a>b,b>c", "a>b,a>c", "a>c,b>c", "a,b,c", "a>b,b>c,c>d",
    "a>b,a>c,b>d,c>d", "a>b,a>c,a>d", "a>d,b>d,c>d", "a!b", "a>b,a!c", "a>b,a!c,c>d",
]  # fmt: skip
ENDS = ("not applied", "applied, then dead", "applied, sent, then dead")


class Pointed(World):
    """Dies at chosen commits, in a chosen way."""

    points: dict[int, str]
    commits = 0

    def _commit(self, mutations: Mutations) -> bool:
        end = self.points.get(self.commits, "")
        self.commits += 1
        if end == "not applied":
            self.crash()
            return False
        verdict: Verdict = now(self.store.commit(self.lease, mutations))
        assert verdict == "ok"
        if end == "applied, then dead":
            self.crash()
            return False
        self.dies_after_sending = end == "applied, sent, then dead"
        return True

    dies_after_sending = False

    def cycle(self) -> None:
        super().cycle()
        if self.dies_after_sending:
            self.dies_after_sending = False
            self.crash()


def play(flow: str, points: dict[int, str], *, failing: bool) -> Pointed:
    world = Pointed(program(observer(flow)), 1, failure_rate=1.0 if failing else 0.0)
    world.points, world.commits = points, 0
    world.emit(1)
    world.settle()
    return world


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("failing", [False, True], ids=["fine", "failing"])
def test_one_and_two_faults_at_every_commit(flow: str, failing: bool) -> None:
    """The end is the same as without faults; each delivery has one key, repeated at most once a
    crash more often; nothing is lost."""
    plain = play(flow, {}, failing=failing)
    wanted = plain.states()
    commits = range(min(plain.commits + 1, 9))
    faults = [{point: end} for point in commits for end in ENDS]
    faults += [
        {first: one, second: two}
        for first, second in itertools.combinations(range(min(plain.commits + 2, 6)), 2)
        for one in ENDS
        for two in ENDS
    ]
    for points in faults:
        world = play(flow, points, failing=failing)
        if not failing:
            assert world.states() == wanted, points
        assert len(world.runs()) == 1, points
        assert {run.state for run in world.runs()} <= {"done", "dead"}, points
        sent: dict[str, int] = {}
        for arrival in world.ledger:
            sent[arrival.key] = sent.get(arrival.key, 0) + 1
        assert len(sent) == len({arrival.node for arrival in world.ledger}), points
        assert max(sent.values()) <= (3 if failing else 1) + world.crashes, points
