"""What grows, and how fast: `python -m tests.benchmarks.growth [NAME ...]`.

Each curve is measured at a few sizes. The exponent e of cost = c * n^e says whether the cost grows
as its work (1), not at all (0) or faster. It draws the curves and writes the table of
docs/performance.md; with names only their rows.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from tests.benchmarks.growth import plans, projects
from tests.benchmarks.page.curves import exponent, shown, svg
from tests.benchmarks.page.machine import load
from tests.benchmarks.page.tables import PAGE, Table, block, cells_of, write

CURVES = (*projects.CURVES, *plans.CURVES)

TABLE = Table(
    "growth",
    "python -m tests.benchmarks.growth",
    ("what, and by what it grows", "cost by size", "exponent", "wanted", "load", "curve"),
    tuple(f"{c.cost}, by {c.size}" for c in CURVES),
)


def measured(names: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """The rows of these curves, of all for none; their pictures are drawn."""
    for curve, row in zip(CURVES, TABLE.rows, strict=True):
        if not names or curve.name in names:
            points = curve.measure()
            curve.picture.write_text(svg(curve, points), encoding="utf-8")
            costs = ", ".join(f"{n:,}: {shown(cost)}" for n, cost in points)
            drawn = f"[picture](images/{curve.picture.name})"
            yield row, [costs, f"{exponent(points):.2f}", curve.wanted, load(), drawn]


def main(names: Sequence[str] = ()) -> None:
    cells: dict[str, Sequence[str]] = dict(
        cells_of(block(PAGE.read_text(encoding="utf-8"), TABLE.name)).items()
    )
    for row, found in measured(names):
        cells[row] = found
        write(TABLE.name, TABLE.lines(cells, "the load is that after the measure."))
        print(f"{row}: {found}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
