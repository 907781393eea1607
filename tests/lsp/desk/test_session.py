"""What is checked next and what is published, without a clock, a thread or an editor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fqlc.diagnostics.model import Diagnostic
from fqlc.lsp.session import PAUSE, Agenda, Board, Published
from fqlc.services.answers import Finding, Findings
from fqlc.source.text import Span

WRONG = Findings((Finding(Diagnostic("FQL101", "wrong", Span("a.fql", 0, 1))),))
FINE = Findings(())


def test_a_check_waits_until_nobody_has_typed_for_a_while() -> None:
    agenda = Agenda().typed("shop", 10.0).typed("shop", 10.2)
    assert agenda.pause(10.2) == pytest.approx(PAUSE)
    assert agenda.next(10.2 + PAUSE / 2) is None
    assert agenda.next(10.2 + PAUSE) == "shop"


def test_a_save_does_not_wait() -> None:
    assert Agenda().typed("shop", 10.0).wanted("shop", 10.1).next(10.1) == "shop"


def test_one_check_runs_at_a_time_and_the_newest_state_waits_once() -> None:
    agenda = Agenda().wanted("a", 1.0).wanted("b", 2.0)
    assert agenda.next(3.0) == "a"
    agenda = agenda.started("a").typed("a", 3.0).typed("a", 3.1)
    assert agenda.next(9.0) is None
    agenda = agenda.ended()
    assert agenda.next(3.2) == "b"
    agenda = agenda.started("b").ended()
    assert agenda.next(3.1 + PAUSE) == "a"
    assert agenda.started("a").ended().next(99.0) is None


def test_a_check_is_stale_when_its_next_one_is_due() -> None:
    agenda = Agenda().wanted("a", 0.0).started("a")
    assert not agenda.is_stale(5.0)
    agenda = agenda.typed("a", 5.0)
    assert not agenda.is_stale(5.1)
    assert agenda.pause(5.0) == pytest.approx(PAUSE)
    assert agenda.is_stale(5.0 + PAUSE)
    assert agenda.pause(6.0) is None
    assert not Agenda().wanted("a", 0.0).started("a").typed("b", 0.0).is_stale(9.0)


@given(st.lists(st.tuples(st.sampled_from("tw"), st.sampled_from("abc"), st.floats(0, 2))))
def test_everything_that_was_told_is_checked_afterwards(
    steps: list[tuple[str, str, float]],
) -> None:
    """Whatever comes in whatever order: the last check of a project began after its last change."""
    agenda, now, changed, checked = Agenda(), 0.0, {}, {}
    for kind, project, pause in steps:
        now += pause
        agenda = agenda.typed(project, now) if kind == "t" else agenda.wanted(project, now)
        changed[project] = now
        if (due := agenda.next(now)) is not None:
            checked[due] = now
            agenda = agenda.started(due)
        elif agenda.running is not None:
            agenda = agenda.ended()
    agenda = agenda.ended()
    while agenda.pause(now) is not None:
        now = max(now, *agenda.waiting.values())
        due = agenda.next(now)
        assert due is not None
        checked[due] = now
        agenda = agenda.started(due).ended()
    assert all(checked[project] >= at for project, at in changed.items())
    assert all(agenda.is_settled(project) for project in changed)


def test_diagnostics_of_a_text_that_has_moved_on_are_not_published() -> None:
    board, news = Board().news({"a": WRONG, "b": WRONG}, {"a": 1, "b": 1}, {"a": 2, "b": 1})
    assert news == (Published("b", 1, WRONG),)
    board, news = board.news({"a": FINE, "b": WRONG}, {"a": 2, "b": 1}, {"a": 2, "b": 1})
    assert news == (Published("a", 2, FINE),)


def test_an_open_text_hears_that_nothing_is_wrong_and_a_closed_one_only_if_it_was() -> None:
    board, news = Board().news({"a": FINE, "c": FINE}, {"a": 1}, {"a": 1})
    assert news == (Published("a", 1, FINE),)
    board, news = board.news({"a": FINE, "c": WRONG}, {"a": 1}, {"a": 1})
    assert news == (Published("c", None, WRONG),)
    _, news = board.news({"a": FINE, "c": FINE}, {"a": 1}, {"a": 1})
    assert news == (Published("c", None, FINE),)


def test_nothing_stays_of_a_text_that_is_gone() -> None:
    board, _ = Board().news({"a": WRONG}, {"a": 1}, {"a": 1})
    board, news = board.news({}, {}, {}, ["a"])
    assert news == (Published("a", None, FINE),)
    assert board == Board()


def test_a_new_version_is_told_even_if_the_same_is_wrong() -> None:
    board, _ = Board().news({"a": WRONG}, {"a": 1}, {"a": 1})
    _, news = board.news({"a": WRONG}, {"a": 2}, {"a": 2})
    assert news == (Published("a", 2, WRONG),)
