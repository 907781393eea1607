"""Kill engines and servers of each kind of store, and tell what became of the deliveries.

    python -m tests.kills.report 1000              # so many kills on each of them
    python -m tests.kills.report 1000 postgresql nats --seed 7

Raises AssertionError, with the seed, when a promise is broken.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from tests.kills.loop import Counts, Life
from tests.kills.places import KINDS, place_of

A_LIFE = 50
"""Kills of one store; then the next one begins."""
HEAD = (
    "| store | kills of the engine | of its server, or of the way there | deliveries | lost"
    " | accepted twice | of these marked as a repetition |\n|---|---|---|---|---|---|---|"
)


def kill(kind: str, kills: int, seed: int) -> Counts:
    """So many kills on stores of this kind."""
    total, begin = Counts(), time.monotonic()
    while total.kills < kills:
        with tempfile.TemporaryDirectory() as folder, place_of(kind) as place:
            life = Life(Path(folder), place, seed)
            try:
                wanted = min(A_LIFE, kills - total.kills)
                total.add(life.live(lambda: life.counts.kills < wanted))  # noqa: B023
            except BaseException as problem:
                problem.add_note(f"{kind}, seed {seed}: {life.counts}, after {total}")
                raise
        seed += 1
        print(f"{time.monotonic() - begin:6.0f} s  {row(kind, total)}", flush=True)
    return total


def row(kind: str, counts: Counts) -> str:
    """One row of the table."""
    others = ", ".join(f"{count:,} {what}" for what, count in sorted(counts.others.items()))
    return (
        f"| {kind} | {counts.kills:,} | {others or 'none'} | {counts.deliveries:,} | {counts.lost}"
        f" | {counts.doubled:,} | {counts.explained:,} |"
    )


def main() -> None:
    """Take the arguments, kill, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.kills.report")
    parser.add_argument("kills", type=int)
    parser.add_argument("stores", nargs="*", choices=[*KINDS, []], default=[])
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rows = [(kind, kill(kind, given.kills, given.seed)) for kind in given.stores or KINDS]
    print(HEAD, *(row(*one) for one in rows), sep="\n")


if __name__ == "__main__":
    main()
