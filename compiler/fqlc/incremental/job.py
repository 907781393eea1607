"""One part of the work: some units compiled with all that they lean on, the rest blanked out.

Blanks keep every offset and every line where it was, so the pipeline is none the wiser and each
place that it names is a place of the real file. Pure, and made of plain values: jobs go to other
processes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from fqlc.checks.model import Surroundings
from fqlc.incremental.cutting import Unit
from fqlc.incremental.layout import Layout

MUCH = 500_000
"""Characters of a job, which take about 100 MB."""


@dataclass(frozen=True, slots=True)
class Job:
    """Units by their number in the layout: `targets` are asked for, each with the units that it
    leans on; `units` are all in sight."""

    targets: Mapping[int, tuple[int, ...]]
    units: Mapping[int, Unit]
    surroundings: Surroundings
    with_plan: bool
    contracts: Mapping[str, bytes | None] = field(default_factory=dict, repr=False)

    def texts(self) -> dict[str, str]:
        """The files that the units are in, by path, with nothing else in them."""
        ordered = sorted(self.units.values(), key=lambda u: (u.path, u.part.start))
        by_path = groupby(ordered, key=lambda u: u.path)
        return {path: _units_text(units) for path, units in by_path}

    def narrowed(self, units: Collection[int]) -> Job:
        """The same job with only some of its units in sight."""
        return replace(self, units={i: u for i, u in self.units.items() if i in units})


def job_of(
    layout: Layout, targets: Sequence[int], surroundings: Surroundings, *, with_plan: bool
) -> Job:
    """The job that compiles the targets."""
    leanings = {i: layout.leanings[i] for i in targets}
    seen = sorted({i for near in leanings.values() for i in near})
    units = {i: layout.units[i] for i in seen}
    return Job(leanings, units, surroundings, with_plan, layout.contracts)


def jobs_of(
    layout: Layout,
    targets: Sequence[int],
    surroundings: Surroundings,
    *,
    with_plan: bool,
    most: int,
    least: int,
) -> tuple[Job, ...]:
    """The work in jobs of about the same length. There are `most`, fewer where they would be
    shorter than `least` characters, and more where they would be much longer than `MUCH`: a process
    keeps what it made until its job is done. Neighbours stay together: they share what they
    name."""
    total = sum(len(layout.units[i].text) for i in targets)
    count = max(1, min(most, total // least), total // MUCH)
    shares: list[list[int]] = [[] for _ in range(count)]
    done = 0
    for i in targets:
        shares[min(count - 1, done * count // max(total, 1))].append(i)
        done += len(layout.units[i].text)
    return tuple(job_of(layout, s, surroundings, with_plan=with_plan) for s in shares if s)


def _units_text(units: Iterable[Unit]) -> str:
    """Units of one file, each at its offset and on its line."""
    pieces: list[str] = []
    offset, line = 0, 1
    for unit in units:
        lines = unit.part.line - line
        pieces += (" " * (unit.part.start - offset - lines), "\n" * lines, unit.text)
        offset, line = unit.part.end, unit.part.line + unit.text.count("\n")
    return "".join(pieces)
