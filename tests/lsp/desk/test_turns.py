"""A check works while the loop rests, and only then."""

from __future__ import annotations

import asyncio
import time
from threading import Event, Thread

from fqlc.lsp.turns import Turns


def test_a_check_waits_while_the_loop_works() -> None:
    turns, steps, over = Turns(longest=600.0), [0], Event()

    def check() -> None:
        while not over.is_set():
            turns.wait()
            steps[0] += 1
            time.sleep(0)

    async def answer() -> tuple[int, int]:
        """Work for a while, then rest until the check has gone on."""
        await asyncio.sleep(0.01)
        before = steps[0]
        spin(0.1)
        during = steps[0] - before
        before = steps[0]
        while steps[0] - before < 100:
            await asyncio.sleep(0.01)
        return during, steps[0] - before

    def spin(seconds: float) -> None:
        end = time.thread_time() + seconds
        while time.thread_time() < end:
            time.sleep(0)  # whoever wants to may work

    thread = Thread(target=check)
    thread.start()
    try:
        with asyncio.Runner(loop_factory=turns.loop) as runner:
            during, after = runner.run(answer())
    finally:
        over.set()
        turns.rest()
        thread.join()
    assert during <= 1  # a step that had begun may end
    assert after >= 100


def test_a_loop_that_never_rests_does_not_stop_a_check() -> None:
    turns = Turns(longest=0.01)
    turns.work()
    turns.wait()
