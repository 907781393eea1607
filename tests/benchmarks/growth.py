"""What grows with a plan, a project or a store: `python -m tests.benchmarks.growth [NAME ...]`.

Each curve is measured at n, 2n and 4n, in a process of its own where memory or imports matter. The
exponent e of cost = c * n^e says whether the cost grows as its work (1), not at all (0) or faster.
`make bench` draws them.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks.compile import changed_one, cold
from tests.benchmarks.page.curves import Curve, Points, exponent, shown, svg
from tests.benchmarks.page.machine import load
from tests.benchmarks.page.tables import Table, write

FILES = (250, 500, 1_000)


def compile_cold() -> Points:
    """CPU seconds of a compile of so many files with nothing known."""
    with tempfile.TemporaryDirectory() as folder:
        return [(n, cold(Path(folder) / str(n), n).cpu) for n in FILES]


def compile_changed() -> Points:
    """CPU seconds after a change of one of so many files."""
    with tempfile.TemporaryDirectory() as folder:
        return [(n, changed_one(Path(folder) / str(n), n).cpu) for n in FILES]


CURVES = (
    Curve("compile-cold", "files of 30 lines", "compile, cold: CPU s", "n^1", compile_cold),
    Curve("compile-changed", "files, one of them changed", "compile: CPU s", "below n^1",
          compile_changed),
)  # fmt: skip

TABLE = Table(
    "growth",
    "python -m tests.benchmarks.growth",
    ("what, and by what it grows", "n", "2n", "4n", "exponent", "wanted"),
    tuple(f"[{c.cost}, by {c.size}](images/growth-{c.name}.svg)" for c in CURVES),
)


def table(names: Sequence[str] = ()) -> list[str]:
    """Measure, draw, and give the table."""
    cells = dict(_measured(names))
    return TABLE.lines(cells, f"cost at n, 2n and 4n, load {load()} at the end.")


def _measured(names: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    for curve, row in zip(CURVES, TABLE.rows, strict=True):
        if not names or curve.name in names:
            points = curve.measure()
            curve.picture.write_text(svg(curve, points), encoding="utf-8")
            costs = [f"{n:,}: {shown(cost)}" for n, cost in points]
            yield row, [*costs, f"{exponent(points):.2f}", curve.wanted]


def main(names: Sequence[str] = ()) -> None:
    lines = table(names)
    print("\n".join(lines))
    if not names:
        write(TABLE.name, lines)


if __name__ == "__main__":
    main(sys.argv[1:])
