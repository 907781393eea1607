"""What is asked for is checked when it is given: one vocabulary of replay, for all who speak."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from math import inf, nan
from typing import Any, get_type_hints

import pytest

from fql import blocking
from fql.app import Runtime
from fql.client import Client
from fql.engine.process.replays.marking import Manner, Marking
from fql.errors import UsageError
from fql.letters import CLASSES, Dues, Wanted, asked, chosen, number_of
from fql.replay import replay_dlq
from fql.store.choosing import LetterFilter
from fql.store.records import LetterRow
from tests.app.plans import CHAIN, plan_of

NOTHING: list[dict[str, Any]] = [
    {}, {"filter": {}}, {"filter": None}, {"limit": 5}, {"delay": "1s"}, {"dry_run": True},
    {"failed_after": None}, {"all": False}, {"ids": []},
]  # fmt: skip
WRONG: list[dict[str, Any]] = [
    {"ids": [""]}, {"ids": [" "]}, {"ids": ["nope"]}, {"ids": ["dlq_"]}, {"ids": ["run_1"]},
    {"ids": ["dlq_1 OR 1"]}, {"ids": ["dlq_12345678901234567"]}, {"ids": [5]}, {"ids": [None]},
    {"filter": {"observer": ""}}, {"filter": {"observer": "  "}}, {"filter": {"colour": "red"}},
    {"filter": {"class": "bogus"}}, {"filter": {"class": "EXHAUSTED"}}, {"filter": "paid"},
    {"filter": {"observer": None}}, {"filter": {"observer": ["paid"]}},
    {"filter": {"batch": "nope"}}, {"filter": {"batch": "run_1"}}, {"filter": {"batch": ""}},
    {"filter": {"batch": "bat_12345678901234567"}}, {"filter": {"batch": "bat_ffffffffffffffff"}},
    {"filter": {"row": "Order"}}, {"filter": {"row": "Order 7", "entity": "Parcel"}},
    {"filter": {"reason": " "}},
    {"failed_after": "yesterday"}, {"failed_after": ""}, {"failed_after": 5},
    {"failed_after": "2026-13-01"}, {"failed_after": True},
    {"failed_after": "2026-03-02", "failed_before": "2026-03-01"},
    {"failed_after": "2026-03-02", "failed_before": "2026-03-02"},
    {"limit": 0}, {"limit": -1}, {"limit": 1.5}, {"limit": True}, {"limit": "5"},
    {"delay": -1}, {"delay": nan}, {"delay": inf}, {"delay": 10**15}, {"delay": "9999999d"},
    {"delay": "soon"}, {"delay": ""}, {"delay": "-5s"}, {"delay": True}, {"delay": "9" * 5000},
    {"delay": 10**400}, {"delay": [1]},
    {"rate": 0}, {"rate": -1}, {"rate": nan}, {"rate": inf}, {"rate": 1e-300}, {"rate": 0.0009},
    {"rate": 1_000_001}, {"rate": "5"}, {"rate": True}, {"rate": 10**400},
    {"plan": "old"}, {"plan": ""}, {"plan": None}, {"force": "no"}, {"dry_run": 1}, {"wait": None},
    {"all": "yes"}, {"observer": "paid"}, {"delay_ms": 5}, {"original": True}, {"class": "poison"},
]  # fmt: skip


def ask(given: dict[str, Any]) -> object:
    return asked(given.pop("ids", ()), given)  # type: ignore[arg-type]


@pytest.mark.parametrize("given", NOTHING, ids=str)
def test_nothing_in_particular_replays_nothing(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="say which dead letters") as refused:
        ask(dict(given))
    assert "all=True" in refused.value.hint


@pytest.mark.parametrize("given", WRONG, ids=lambda one: str(one)[:60])
def test_what_cannot_be_meant_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        ask({"failed_before": "2030-01-01", **given})


def test_all_is_all_and_nothing_else() -> None:
    assert asked((), {"all": True}).letters == LetterFilter()
    assert asked((), {"all": True, "limit": 3}).letters == LetterFilter(limit=3)
    for more in ({"filter": {"observer": "paid"}}, {"failed_after": "2026-03-02"}):
        with pytest.raises(UsageError, match="not both"):
            ask({"all": True, **more})
    with pytest.raises(UsageError, match="not both"):
        asked(("dlq_1_a",), {"all": True})


@pytest.mark.parametrize(
    ("given", "milliseconds"),
    [
        ("2026-03-02", 1_772_409_600_000), (date(2026, 3, 2), 1_772_409_600_000),
        ("2026-03-02T00:00:00Z", 1_772_409_600_000), (datetime(2026, 3, 2), 1_772_409_600_000),
        (datetime(2026, 3, 2, 1, tzinfo=timezone(timedelta(hours=1))), 1_772_409_600_000),
        ("1970-01-01T00:00:00.0019", 1), ("1969-12-31T23:59:59.999Z", -1),
        ("0001-01-01T00:00:00+14:00", -62_135_647_200_000), (datetime.max, 253_402_300_799_999),
    ],
)  # fmt: skip
def test_times_are_exact(given: str | date, milliseconds: int) -> None:
    assert chosen((), {"failed_after": given}).failed_after == milliseconds


def test_delays_and_rates_at_their_edges() -> None:
    for delay, milliseconds in (("0s", 0), ("30s", 30_000), (0.5, 500), ("365d", 31_536_000_000)):
        assert asked((), {"all": True, "delay": delay}).delay == milliseconds
    for rate in (0.001, 1_000_000, 5):
        assert asked((), {"all": True, "rate": rate}).rate == rate


def test_ids_of_other_kinds_are_named_with_their_form() -> None:
    assert number_of("bat_1f", "batch") == 31
    for name in ("run_1f", "bat_", "bat_-1", "bat_0x1", "bat_1_2", "BAT_1", "bat_1 ", ""):
        with pytest.raises(UsageError) as refused:
            number_of(name, "batch")
        assert refused.value.hint == "ids look like bat_4fdee000000002"


SPEAKERS: list[Callable[..., object]] = [
    Runtime.replay, blocking.Runtime.replay, Client.replay, replay_dlq,
]  # fmt: skip


def test_everyone_who_replays_speaks_the_same_words() -> None:
    """The words are declared once; `replay_dlq` knows its store besides."""
    for speaker in SPEAKERS:
        parameters = inspect.signature(speaker).parameters
        own = [name for name in parameters if name not in ("self", "store")]
        assert own == ["dlq_id", "wanted"], speaker
        assert get_type_hints(speaker)["wanted"].__args__ == (Wanted,)


def test_the_command_speaks_them_too() -> None:
    from fql.cli.stored.dlq import replay

    options = {one.name for one in replay.params}
    renamed = {"filter": {"observer", "action", "error_class", "batch"}, "all": {"everything"}}
    for word in Wanted.__annotations__.keys() - {"wait"}:
        assert renamed.get(word, {word}) <= options, word


def letter(number: int, **changes: Any) -> LetterRow:
    row = LetterRow(
        f"dlq_{number:x}_reserve", number, "reserve", "placed", "reserve", "Order", "insert", "e",
        "exhausted", "", 0, "dead", 0, None, "", "k", None, "", b"{}",
    )  # fmt: skip
    return row._replace(**changes)


def test_rate_spreads_over_pages() -> None:
    dues = Dues(asked((), {"all": True, "rate": 2, "delay": "1s"}), 1000)
    assert [dues.next() for _ in range(3)] == [2000, 2500, 3000]
    assert Dues(asked(("dlq_1_a",), {}), 1000).next() == 0


def test_each_that_is_left_out_says_why() -> None:
    marking = Marking(Manner(), plan_of(CHAIN))
    page = [
        letter(1), letter(2, state="replaying"), letter(3, handled=1), letter(4, action="gone"),
        letter(5, error_class="capture", observer="", action="", run=None),
        letter(6, error_class="internal", action="", run=None),
        letter(7, error_class="internal", action="", run=None, observer="gone"),
    ]  # fmt: skip
    reasons = [marking.obstacle(one).split(";")[0] for one in page]
    assert reasons == [
        "", "is being replayed already", "its `else` chain took over",
        "the active plan no longer has this action", "", "",
        "the active plan no longer has this observer",
    ]  # fmt: skip
    left = [one for one, why in zip(page, reasons, strict=True) if not why]
    assert [marking.command(one)[0] for one in left] == ["replay", "recapture", "recapture"]


def test_the_classes_are_those_of_the_page() -> None:
    from pathlib import Path

    page = Path(__file__).parents[2] / "docs" / "how-to" / "dead-letters.md"
    for name in CLASSES:
        assert f"| `{name}` |" in page.read_text(), name


def test_now_is_no_time_zone() -> None:
    assert chosen((), {"failed_before": datetime.now(UTC)}).failed_before
