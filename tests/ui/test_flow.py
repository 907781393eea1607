"""Where the boxes of an observer go, and the bars of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from fql.plan.stored.codec import read_plan
from fql.store.shown import Attempt, RunShown
from fql.ui.drawing.bars import bars_of
from fql.ui.drawing.flow import HEIGHT, WIDTH, flow_of
from fqlc import compile_paths

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/*.fql"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_no_box_lies_on_another_and_arrows_go_right(path: Path) -> None:
    plan = read_plan(compile_paths([str(path)]).plan_or_raise())
    for observer in plan.observers:
        flow = flow_of(observer)
        assert {box.name for box in flow.boxes} == {"", *(node.name for node in observer.nodes)}
        for one in flow.boxes:
            assert 0 <= one.x <= flow.width - WIDTH and 0 <= one.y <= flow.height - HEIGHT
            for other in flow.boxes:
                apart = abs(one.x - other.x) >= WIDTH or abs(one.y - other.y) >= HEIGHT
                assert one is other or apart
        places = {box.name: box.x for box in flow.boxes}
        assert all(places[arrow.source] < places[arrow.to] for arrow in flow.arrows)
        assert len(flow.arrows) == len(observer.edges)


def test_attempts_lie_within_the_axis() -> None:
    run = RunShown(
        run="run_1", observer="o", event_id="e", entity="E", event="insert", state="dead",
        started_at="2026-03-02T14:00:00.000Z", ended_at="2026-03-02T14:00:10.000Z", plan="p",
        nodes=({"name": "a", "state": "dead", "attempts": 2},),
    )  # fmt: skip
    tries = [
        Attempt("a", "2026-03-02T14:00:02.000Z", 1, 503, None, 2_000, ""),
        Attempt("a", "2026-03-02T14:00:06.000Z", 2, None, "timeout", 4_000, ""),
    ]
    axis = bars_of(run, tries, now=0)
    assert [(bar.kind, bar.left, bar.width, bar.text) for bar in axis.lines[0].bars] == [
        ("bad", 20.0, 20.0, "503"), ("wait", 40.0, 20.0, ""), ("bad", 60.0, 40.0, "timeout"),
    ]  # fmt: skip
    assert axis.ticks == ("0 ms", "2.0 s", "4.0 s", "6.0 s", "8.0 s", "10 s")
