"""docs/performance.md has the shape of what `make bench` would write, and its commands exist."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from fql.plan.stored.codec import read_plan
from tests.benchmarks.expressions import sealed
from tests.benchmarks.growth import __main__ as growth
from tests.benchmarks.page.curves import Curve, exponent, svg
from tests.benchmarks.page.tables import PAGE, Table, block, cells_of, shape, write
from tests.benchmarks.peers.__main__ import TABLE as PEERS
from tests.benchmarks.peers.__main__ import Figures, cells
from tests.benchmarks.peers.sides import SIDES, absent
from tests.settings.named import TESTS

TEXT = PAGE.read_text("utf-8")
COMMAND = re.compile(r"python -m tests\.benchmarks\.([\w.]+)")
LINE = [(100, 0.5), (200, 1.0), (400, 2.0)]


@pytest.mark.parametrize("table", [PEERS, growth.TABLE], ids=lambda table: table.name)
def test_the_page_has_the_shape_of_what_a_run_writes(table: Table) -> None:
    assert shape(block(TEXT, table.name)) == (table.head, table.rows)
    assert table.command in block(TEXT, table.name)[0]


@pytest.mark.parametrize("table", [PEERS, growth.TABLE], ids=lambda table: table.name)
def test_a_row_that_was_not_measured_says_so(table: Table) -> None:
    lines = table.lines({table.rows[0]: ["1"] * (len(table.head) - 1)}, "load 1.0")
    assert shape(lines) == (table.head, table.rows)
    assert {line.count("|") for line in lines[2:]} == {len(table.head) + 1}
    assert "not measured" in lines[-1]


def test_a_side_that_is_not_installed_is_absent_with_its_reason() -> None:
    assert all(absent(side, {}).startswith("absent: ") for side in SIDES if side.library)
    assert [side.label for side in SIDES if not absent(side, {})] == list(PEERS.rows[:2])


def test_both_sides_get_medians() -> None:
    rounds = [Figures(rate, 300.0, 0.0) for rate in (900.0, 1_000.0, 3_000.0)]
    row = cells(SIDES[0], rounds, ours=2_000.0, version="")
    assert row[:4] == ["1,000 (900-3,000)", "300 (300-300)", "", "2.0"]


@pytest.mark.parametrize("curve", growth.CURVES, ids=lambda curve: curve.name)
def test_every_curve_has_its_picture(curve: Curve) -> None:
    if "not measured" not in cells_of(block(TEXT, "growth"))[_row_of(curve)]:
        ElementTree.fromstring(curve.picture.read_text("utf-8"))
    ElementTree.fromstring(svg(curve, LINE))


def _row_of(curve: Curve) -> str:
    return dict(zip(growth.CURVES, growth.TABLE.rows, strict=True))[curve]


def test_the_exponent_says_how_a_cost_grows() -> None:
    assert exponent(LINE) == pytest.approx(1)
    assert exponent([(n, 3.0) for n, _ in LINE]) == pytest.approx(0)
    assert exponent([(n, n * n) for n, _ in LINE]) == pytest.approx(2)


def test_a_table_is_written_into_its_place(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- bench: a -->\nold\n<!-- end of a -->\nafter\n", encoding="utf-8")
    write("a", ["new", r"\1"], page)
    assert page.read_text("utf-8").splitlines() == [
        "before", "<!-- bench: a -->", "new", r"\1", "<!-- end of a -->", "after",
    ]  # fmt: skip


def test_the_plan_that_expressions_are_measured_with_is_one_that_is_read() -> None:
    assert len(read_plan(sealed(2)).observers) == 2


@pytest.mark.parametrize("name", sorted(set(COMMAND.findall(TEXT))))
def test_every_command_exists(name: str) -> None:
    place = TESTS / "benchmarks" / name.replace(".", "/")
    assert place.with_suffix(".py").is_file() or (place / "__main__.py").is_file()
