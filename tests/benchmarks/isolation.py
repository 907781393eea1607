"""One dead receiver among ten: what rate the other nine keep. Target: 95 % (performance.md).

The tenth takes requests and never answers; the same load is played with and without it in turns.
"""

from __future__ import annotations

import asyncio
from statistics import median

from tests.app.test_limits import RECEIVERS, seconds_for_the_others

EVENTS = 400
ROUNDS = 5


async def measure() -> tuple[float, float]:
    """Median deliveries a second to nine receivers: all alive, and beside a dead one."""
    found: dict[bool, list[float]] = {False: [], True: []}
    await seconds_for_the_others(dead=False, events=EVENTS)
    for _ in range(ROUNDS):
        for dead, rates in found.items():
            seconds = await seconds_for_the_others(dead=dead, events=EVENTS)
            rates.append(EVENTS * (RECEIVERS - 1) / seconds)
    return median(found[False]), median(found[True])


def main() -> None:
    alive, beside = asyncio.run(measure())
    print(f"nine receivers: {alive:,.0f}/s with all alive, {beside:,.0f}/s beside a dead one")
    print(f"kept: {beside / alive:.0%}")


if __name__ == "__main__":
    main()
