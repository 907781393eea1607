"""`fqlc status`: what an engine at work says, and what needs a person."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from fql.cli.operating.judging import NOTHING, Dead, Live, State, last_of, live_of, samples_of
from fql.cli.operating.status import _report
from fql.store.showing.history import Pulse
from fql.testing import MockWebhookServer
from tests.operate.shop import Shop, until
from tests.operate.test_probes import free_port

WELL = State(now=10**12, store="fql.db", engine="ready", plan="sha256:1", open_runs=0, inbox=0)
HOUR = 3_600_000
PAGE = """# HELP fql_source_ok 0 while something is wrong
source_ok{source="shop"} 0.0
source_lag_seconds{source="shop"} 400.0
circuit_state{endpoint="a \\"b\\"",state="open"} 1.0
circuit_state{endpoint="c",state="closed"} 1.0
oldest_due_age_seconds 301.0
"""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"engine": "none"}, "no engine is at work"),
        ({"engine": "draining"}, "not ready: draining"),
        ({"dead": (Dead("o", "a", "permanent", 3),)}, "dead letters wait: 3"),
        ({"disk": (10**12, 10**9)}, "bytes left"),
        ({"backup": 10**12 - 27 * HOUR}, "older than 26 hours"),
    ],
)
def test_what_needs_a_person(change: dict[str, object], words: str) -> None:
    assert WELL.needs() == []
    assert replace(WELL, engine="unknown", paused=("shop",), backup=10**12).needs() == []
    (need,) = replace(WELL, **change).needs()  # type: ignore[arg-type]
    assert words in need


def test_what_is_not_counted_to_the_end_says_so() -> None:
    shown = replace(WELL, open_runs=10_001, inbox=10_000).as_json()
    assert (shown["open_runs"], shown["inbox"], shown["more"]) == (10_000, 10_000, ["open_runs"])
    text = dict(_report(replace(WELL, open_runs=10_001, inbox=10_000)))
    assert text["open"] == "more than 10,000 runs, 10,000 in the inbox"


def test_what_the_metrics_say_needs_a_person() -> None:
    found = replace(WELL, samples=samples_of(PAGE))
    assert len(found.needs()) == 4
    assert found.circuits() == [('a \\"b\\"', "open")]


def test_an_engine_at_work_and_without(tmp_path: Path, webhook_server: MockWebhookServer) -> None:
    shop = Shop(tmp_path, webhook_server, f"[observability.prometheus]\nport = {free_port()}\n")
    assert shop.fqlc("status").code == 3, "there is no store"
    webhook_server.always(404)
    with shop.engine() as process:
        shop.order(1)
        until(lambda: "dead letter" in shop.log or "dead" in shop.log)
        done = shop.fqlc("status", "--format", "json")
        shown = json.loads(done.out)
        assert (done.code, shown["engine"]) == (1, "ready")
        assert shown["sources"] == [{"name": "shop", "ok": True, "lag_s": 0.0}]
        assert shown["dead"][0]["count"] == 1
        assert shown["needs"] == ["dead letters wait: 1"]
        assert shown["oldest_due_s"] is not None
        process.terminate()
        assert process.wait(30) == 0
    done = shop.fqlc("status")
    assert (done.code, "no engine is at work" in done.out) == (1, True)
    assert "a minute    0.2 dead, 0.2 events, 0.2 failed, 0.2 letters" in done.out
    assert json.loads(shop.fqlc("status", "--format", "json").out)["rates"]["sent"] == 0.2


def test_an_engine_without_a_metrics_port_is_asked_by_its_store(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    """Sources, circuits and what waits, as the engine says them while somebody looks."""
    shop = Shop(tmp_path, webhook_server)
    with shop.engine() as process:
        until(lambda: shop.fqlc("status").code != 3)
        shown = json.loads(shop.fqlc("status", "--format", "json").out)
        assert shown["engine"] == "ready"
        assert shown["sources"] == [{"name": "shop", "ok": True, "lag_s": 0.0}]
        assert (shown["oldest_due_s"], shown["circuits"]) == (0.0, [])
        assert 0 <= time.time() * 1000 - shown["since"] < 600_000
        process.terminate()
        assert process.wait(30) == 0
    shown = json.loads(shop.fqlc("status", "--format", "json").out)
    assert (shown["engine"], shown["since"]) == ("none", None)
    assert shown["sources"] == [{"name": "shop", "ok": True, "lag_s": 0.0}]
    assert "source      shop: ok, 0 s late (when last seen, " in shop.fqlc("status").out


def test_without_an_engine_it_says_what_was_last_seen() -> None:
    """Of engines that were heard then, not of one that had been silent before; and it is no need
    of its own."""
    body = {"sources": [{"name": "shop", "ok": False, "lag": 900_000}],
            "endpoints": {"a": {"circuit": "open"}}}  # fmt: skip
    live, at = last_of([
        Pulse(1, "x", 60_000, True, {"sources": [{"name": "old", "ok": True, "lag": 0}]}),
        Pulse(2, "y", 3_600_000, True, body),
    ])  # fmt: skip
    assert ([name for name, *_ in live.sources], at) == (["shop"], 3_600_000)
    found = replace(WELL, engine="none", live=live, last_seen=at)
    assert found.needs() == ["no engine is at work: nothing is sent"]
    said = [text for _, text in _report(found)]
    assert "a: open (when last seen, 1970-01-01 01:00:00 UTC)" in said
    assert "shop: in trouble, 900 s late (when last seen, 1970-01-01 01:00:00 UTC)" in said
    assert last_of([]) == (NOTHING, None)


def test_what_engines_say_is_put_together() -> None:
    """The worst of each circuit, each source by the engine that reads it, no silent engine."""
    body = {
        "oldest_due": 1_000, "sources": [{"name": "shop", "ok": False, "lag": 2_500}],
        "endpoints": {"a": {"circuit": "open"}, "b": {"circuit": "closed"}},
    }  # fmt: skip
    found = live_of([
        Pulse(1, "x", 9_000, False, body), Pulse(2, "y", 9_500, False, {"oldest_due": 9_000}),
        Pulse(3, "z", 0, True, {"endpoints": {"c": {"circuit": "open"}}}),
    ])  # fmt: skip
    assert found == Live((("shop", False, 2.5),), (("a", "open"),), 8.0)
    assert len(replace(WELL, live=found).needs()) == 2
    assert live_of([]) == NOTHING
