"""What the state machine draws: flows, fates, limits, and the observers made of them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from fql.engine.program.limits import EndpointLimits
from fql.engine.program.model import BatchPolicy, ObserverSpec
from fql.expressions.scope import Scope
from fql.plan.policies import RetryPolicy
from tests.engine.programs import observer
from tests.simulation.reference import Fate, Flow

ATTEMPTS = 3
RETRY = RetryPolicy(max_attempts=ATTEMPTS, jitter="none")
FATES: tuple[Fate, ...] = ((0, False),) * 4 + (
    (1, False),
    (3, False),
    (4, False),
    (1, True),
    (99, False),
)
KEYS = 2


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    """A DAG of up to five nodes: chains, fans, joins, `else` chains that may join again."""
    nodes = tuple("abcde"[: draw(st.integers(1, 5))])
    after: dict[str, tuple[str, ...]] = {nodes[0]: ()}
    rescue: dict[str, str] = {}
    for place, node in enumerate(nodes[1:], 1):
        earlier = nodes[:place]
        after[node] = ()
        if draw(st.integers(0, 3)) == 0:
            rescue[node] = draw(st.sampled_from(earlier))
        else:
            parents = st.lists(st.sampled_from(earlier), max_size=2, unique=True)
            after[node] = tuple(sorted(draw(parents)))
    skips = draw(st.sets(st.sampled_from(nodes), max_size=1))
    batches = [node for node in nodes if draw(st.integers(0, 2)) == 0]
    return Flow(nodes, after, rescue, frozenset(skips), frozenset(batches))


def limits() -> st.SearchStrategy[EndpointLimits]:
    """Of one endpoint, tight enough to be met all the time."""
    return st.builds(
        EndpointLimits,
        per_second=st.sampled_from([None, 20.0, 200.0]),
        burst=st.integers(1, 3),
        concurrency=st.sampled_from([1, 2, 64]),
        failures=st.sampled_from([0, 1, 4]),
        open_for=st.sampled_from([40, 3000]),
        probes=st.integers(1, 2),
    )


def unbatched(flow: Flow) -> Flow:
    return replace(flow, batches=frozenset())


def key_of(scope: Scope) -> str | None:
    return str(int((scope.new or {})["id"]) % KEYS)  # type: ignore[call-overload]


def spec_of(flow: Flow, name: str, plan: str, order: str) -> ObserverSpec:
    """Events that keep an order are not batched; the compiler sees to that."""
    when = {node: (lambda _scope: False) for node in flow.skips}
    batches = {
        node: BatchPolicy(1 + ord(node) % 3, (0, 50, 3000)[place % 3])
        for place, node in enumerate(sorted(flow.batches))
    }
    return observer(
        flow.text(), name, retry=RETRY, plan=plan, when=when, batch=batches,
        endpoint=lambda node: "even" if ord(node) % 2 else "odd",
        order_by=key_of if order else None, block_on_dead=order == "block",
    )  # fmt: skip
