"""What a run must come to, told as plainly as possible: the rules of the language, no engine.

One observer for one event, started once all is quiet and carried to its end in one go. There are
no commits, limits, times or crashes here: none of them may change how a run ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

WAITING, DONE, DEAD, SKIPPED, PASSED, CANCELLED = "w", "d", "x", "k", "o", "c"

Fate = tuple[int, bool]
"""How many answers are failures, and whether the first of them is final."""


@dataclass(frozen=True)
class Flow:
    """Nodes in an order in which each comes after its parents; `after[b]` are its parents on
    success, `rescue[c]` the node that c stands in for (`b else c`)."""

    nodes: tuple[str, ...]
    after: dict[str, tuple[str, ...]]
    rescue: dict[str, str]
    skips: frozenset[str] = frozenset()
    batches: frozenset[str] = frozenset()

    def text(self) -> str:
        """The same as `tests.engine.programs` writes it."""
        parts = list(self.nodes)
        parts += [f"{parent}>{node}" for node in self.nodes for parent in self.after[node]]
        parts += [f"{failed}!{node}" for node, failed in self.rescue.items()]
        return ",".join(parts)

    def behind(self, start: str) -> set[str]:
        """What is reached from a node, on success or failure."""
        found: set[str] = set()
        for node in self.nodes:
            parents = {*self.after[node], self.rescue.get(node, "")}
            if start in parents or parents & found:
                found.add(node)
        return found

    def stand_ins(self, node: str) -> list[str]:
        """The targets of its `else`."""
        return [target for target, failed in self.rescue.items() if failed == node]

    def chain(self, node: str) -> set[str]:
        """Everything on the `else` chain of a node."""
        targets = self.stand_ins(node)
        return set(targets).union(*(self.behind(target) for target in targets))


@dataclass
class ReferenceRun:
    """One run. `fates` says what each receiver answers, `attempts` how often is tried; `named`
    whether the good answer to a batch names this run's member of it as failed."""

    flow: Flow
    fates: Callable[[str], Fate]
    attempts: int
    named: Callable[[str], bool] = lambda _: False
    states: dict[str, str] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    letters: set[str] = field(default_factory=set)
    started: bool = False

    def __post_init__(self) -> None:
        self.states = dict.fromkeys(self.flow.nodes, WAITING)

    @property
    def state(self) -> str:
        """How the run stands."""
        if not self.started and WAITING in self.states.values():
            return "open"
        if any(state == DEAD and not self.flow.stand_ins(n) for n, state in self.states.items()):
            return "dead"
        return "cancelled" if CANCELLED in self.states.values() else "done"

    def run(self) -> None:
        """Carry it to its end."""
        self.started = True
        for node in self.flow.nodes:
            if self.states[node] == WAITING:
                self._look_at(node)

    def _look_at(self, node: str) -> None:
        verdicts = {self._edge(parent, node) for parent in self.flow.after[node]}
        if node in self.flow.rescue:
            verdicts.add(self._else_edge(self.flow.rescue[node]))
        if "waits" in verdicts:
            return
        if verdicts and "go" not in verdicts:
            self.states[node] = PASSED
        elif node in self.flow.skips:
            self.states[node] = SKIPPED
        else:
            self._send(node)

    def _edge(self, parent: str, node: str) -> str:
        state = self.states[parent]
        if state in (DONE, SKIPPED):
            return "go"
        if state == PASSED or (state == DEAD and node in self.flow.chain(parent)):
            return "void"
        return "waits"

    def _else_edge(self, failed: str) -> str:
        return {DEAD: "go", DONE: "void", SKIPPED: "void", PASSED: "void"}.get(
            self.states[failed], "waits"
        )

    def _send(self, node: str, *, alone: bool = False) -> None:
        """Until it is well or given up. Each member of a batch fares as the batch does, but for
        those that are named; a replay goes `alone`."""
        in_batch = node in self.flow.batches and not alone
        wanted, final = self.fates(node)
        for _ in range(self.attempts):
            failed = self.failures.get(node, 0)
            if failed >= wanted and in_batch and self.named(node):
                break
            if failed >= wanted:
                self.states[node] = DONE
                self.letters.discard(node)
                return
            self.failures[node] = failed + 1
            if final:
                break
        self.states[node] = DEAD
        self.letters.add(node)

    # Commands, once all is quiet.

    def replay(self, node: str) -> None:
        """Fresh attempts; what waits behind goes on."""
        self._send(node, alone=True)
        self.run()

    def resend(self, nodes: list[str]) -> None:
        """What was done is sent once more; where that fails, it is dead now."""
        for node in nodes:
            self._send(node, alone=True)
        self.run()

    def supply(self, node: str) -> None:
        """An answer without sending; what waits behind goes on."""
        self.states[node] = DONE
        self.letters.discard(node)
        self.run()

    def discard(self, node: str) -> None:
        """Give the letter up, and what waits behind with it, unless its `else` handled it."""
        self.letters.discard(node)
        if self.flow.stand_ins(node):
            return
        for lost in {node} | self.flow.behind(node):
            if lost == node or self.states[lost] == WAITING:
                self.states[lost] = CANCELLED

    def cancel(self) -> None:
        """Stop all that has not ended."""
        if self.state not in ("open", "dead"):
            return
        self.letters.clear()
        for node, state in self.states.items():
            if state == WAITING or (state == DEAD and not self.flow.stand_ins(node)):
                self.states[node] = CANCELLED


def settle(runs: list[ReferenceRun], *, blocking: bool) -> None:
    """Runs of one key, in the order of their events: where the observer says `block`, a dead one
    holds up those behind it."""
    for run in runs:
        run.run()
        if blocking and run.state == "dead":
            return
