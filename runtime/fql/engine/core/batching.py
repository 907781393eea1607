"""Many events, one call: buffers that fill, and batches that are sealed.

Sealing is part of a commit; from then on members, order and key never change, over retries and
crashes. A member waits as `buffered`, then is a `member` of its batch.
"""

from __future__ import annotations

from fql.engine.core.held.buffers import Buffer, BufferKey
from fql.engine.core.held.keys import batch_key
from fql.engine.core.held.runs import Run, SealedBatch, Work
from fql.engine.core.held.state import State
from fql.engine.program.limits import NEVER
from fql.engine.program.model import BatchPolicy, NodeSpec
from fql.store.works import BUFFERED, MEMBER, READY


def _key(run: Run, node: NodeSpec) -> BufferKey:
    return (run.spec.plan, run.spec.name, node.index)


def buffer(state: State, run: Run, work: Work) -> None:
    """Let the node wait for its batch. The first one sets the time of the whole buffer. What was
    stored by a clock that was ahead waits no longer than a new one."""
    policy = work.spec.batch or BatchPolicy(1, 0)
    latest = state.now + policy.timeout
    stored = min(work.due, latest) if work.state == BUFFERED else latest
    key = _key(run, work.spec)
    found = state.buffers.get(key)
    if found is None:
        found = state.buffers[key] = Buffer(stored)
    found.runs.append(run)
    found.due = min(found.due, stored)
    work.state, work.due = BUFFERED, found.due


def unbuffer(state: State, run: Run, work: Work) -> None:
    """Take a cancelled node out of its buffer."""
    if work.state != BUFFERED:
        return
    found = state.buffers.get(_key(run, work.spec))
    if found is not None and run in found.runs:
        found.runs.remove(run)


def next_seal(state: State) -> int:
    """When the first buffer's time comes."""
    return min((found.due for found in state.buffers.values() if found.runs), default=NEVER)


def seal_due(state: State, *, everything: bool) -> None:
    """Seal what is full, what has waited long enough, what waits by another plan than the active
    one, whose buffers nobody joins any more, or `everything`."""
    for key in list(state.buffers):
        found = state.buffers[key]
        state.item = found.runs
        node = found.node(key[2])
        size = node.batch.size if node is not None and node.batch else 1
        over = everything or found.due <= state.now or key[0] != state.active.short
        while node is not None and found.runs and (over or len(found.runs) >= size):
            _seal(state, node, found.runs[:size])
            del found.runs[:size]
        if not found.runs:
            del state.buffers[key]


def seal_now(state: State, observer: str, action: str) -> None:
    """Let what is collected for an action go in this step, however little it is."""
    for key, found in state.buffers.items():
        node = found.node(key[2])
        if key[1] == observer and node is not None and node.name == action:
            found.due = state.now


def _seal(state: State, node: NodeSpec, members: list[Run]) -> None:
    spec = members[0].spec
    key = batch_key(node.name, [member.key for member in members])
    batch = SealedBatch(state.number(), spec, node, members, key=key, sealed=state.now)
    for member in members:
        state.item = member
        work = batch.member_work(member)
        work.state, work.due, work.batch = MEMBER, 0, batch.id
        state.touch(member)
    state.batches[batch.id] = batch
    state.dirty_batches[batch.id] = batch
    batch.work.state = READY
    state.endpoint(node.endpoint).ready.append(batch.work)
