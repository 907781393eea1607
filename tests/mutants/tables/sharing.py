"""Faults planted in what several engines share: shards that move, hints, and limits."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MOVING = "tests/simulation/moving/test_moving.py::test_shards_move_whatever_happens"
LIMITS = "tests/simulation/moving/test_limits.py::test_limits_hold_whatever_happens"

MUTANTS = (
    Mutant(
        "an engine without a slot to spare does not sleep",
        "runtime/fql/engine/core/moving/limits.py",
        "        if slots.wanted and endpoint.cap() < live:\n",
        "    if slots.wanted:\n",
        "tests/shards/test_asking.py::test_an_engine_keeps_its_share_and_sleeps",
    ),
    Mutant(
        "news that overtook an answer are passed over",
        "runtime/fql/engine/core/moving/limits.py",
        "    _heed(state, endpoint, grant)\n",
        "",
        "tests/shards/test_asking.py::test_news_that_overtook_the_answer_to_our_own_count",
    ),
    Mutant(
        "a shard moves with work on the wire",
        "runtime/fql/engine/core/moving/leaving.py",
        "return leaving - {one.shard for one in owners}",
        "return leaving",
        MOVING,
    ),
    Mutant(
        "a pause does not reach the other engines",
        "runtime/fql/engine/core/moving/leaving.py",
        "        pause(state, name, stop=name in share.pauses)\n",
        "        pass\n",
        MOVING,
    ),
    Mutant(
        "a run that another engine has written is not looked for",
        "runtime/fql/engine/core/moving/homes.py",
        "state.wanted_ids.extend(number for number in hint.runs if number not in state.runs)",
        "pass",
        MOVING,
    ),
    Mutant(
        "a run in another engine's queue is not told of",
        "runtime/fql/engine/core/moving/homes.py",
        "        hint.queued.append((key, run.id))\n",
        "",
        MOVING,
    ),
    Mutant(
        "slots of other engines do not count",
        "runtime/fql/store/sharing/granting.py",
        "free = wish.limit - wish.keep - sum(one.slots for one in others)",
        "free = wish.limit - wish.keep",
        LIMITS,
    ),
    Mutant(
        "tokens are given twice",
        "runtime/fql/store/sharing/granting.py",
        "return has - granted, granted",
        "return has, granted",
        LIMITS,
    ),
)
