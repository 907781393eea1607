"""How the engines are at this second: from what they say, what they do not say, and who asks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from fql.store.port import Counts
from fql.store.showing.history import Bulk, Minute, Pulse
from fql.testing import MockWebhookServer, Reply
from fql.ui.drawing.tiles import tiles_of
from fql.ui.present import words
from fql.ui.present.now import Now, Watch, now_of
from fql.ui.present.numbers import by_minute, down_since
from fql.ui.present.progress import progress_of
from fql.ui.present.state import Seen, needs_of, sentence_of
from tests.app.plans import CHAIN, ENTITY, order, plan_of
from tests.ui.site import Site, site

T = 1_800_000_000_000 // 60_000 * 60_000
"""2027-01-15 08:00 UTC."""
NOTHING = Counts(0, {}, {}, 0, frozenset())
HELP = "`fqlc capture status` says what to do."
BUSY = Counts(9, {"open": 3}, {}, 0, frozenset())


def pulse(at: int, *, silent: bool = False, session: int = 1, **body: object) -> Pulse:
    return Pulse(session, "", at, silent, body)


def test_an_engine_that_was_heard_and_says_nothing_is_silent() -> None:
    told = pulse(T - 9_000, silent=True)
    assert now_of([told], Watch(), T).state == "unwatched", "nobody asked it"
    assert now_of([told], Watch(T - 1_000), T).state == "awaited"
    assert now_of([told], Watch(T - 8_000), T) == Now("silent", T - 8_000), "that was before"
    assert now_of([told], Watch(T - 8_000, taken=False), T).state == "none"
    silent = now_of([told], Watch(T - 60_000, taken=False), T)
    assert silent == Now("silent", T - 9_000)
    seen = Seen(BUSY, now=silent)
    needs = needs_of(seen)
    assert sentence_of(seen, needs) == (
        "The engine has been silent since 07:59 UTC, and one thing needs you"
    )
    assert [need.chip for need in needs] == ["engine silent"]


def test_what_all_engines_say_is_added() -> None:
    """What one of another version does not say, or says in another way, is not there."""
    here: Mapping[str, object] = {"in_flight": 2, "ready": 1, "open_until": T + 18_000,
                                  "held_back": "circuit", "waits": {"circuit": 3}}  # fmt: skip
    now = now_of(
        [
            pulse(T, in_flight=2, open_runs=5, oldest_due=T - 300, endpoints={"erp": here},
                  actions={"o/a": {"armed": 2}}),
            pulse(T - 1, session=2, in_flight=1, oldest_due=0, actions={"o/a": {"armed": 1}},
                  endpoints={"erp": {"in_flight": 1, "waits": {"circuit": 1}}}),
            pulse(T, session=3, in_flight="many", endpoints=[], actions={"o/a": 7}),
        ],
        Watch(T), T,
    )  # fmt: skip
    assert (now.in_flight, now.open_runs, now.waited) == (3, 5, 300)
    assert now.actions == {"o/a": {"armed": 3}}
    erp = now.endpoints["erp"]
    assert (erp.in_flight, erp.ready, erp.waits) == (3, 1, {"circuit": 4})
    assert sentence_of(Seen(BUSY, now=now), []) == "Keeping up, and nothing needs you"
    (need,) = needs_of(Seen(BUSY, now=now, down={"erp": "2027-01-15T07:41:00.000Z"}))
    assert (need.chip, need.probe) == ("circuit open", "erp")
    assert need.text == (
        "It is held to be down. 1 action waits and spends no attempts. Next probe in 18 s."
    )


def test_work_that_waits_for_long_needs_a_person() -> None:
    late = Seen(BUSY, now=Now("working", heard=T, oldest_due=T - 240_000))
    needs = needs_of(late)
    assert [need.chip for need in needs] == ["late"]
    assert sentence_of(late, needs) == "4 min behind, and one thing needs you"
    assert [n.chip for n in needs_of(Seen(NOTHING, disk=(10**12, 10**9)))] == ["disk nearly full"]
    busy = Counts(0, {}, {}, 900, frozenset())
    assert needs_of(Seen(busy, now=Now("working"))) == [], "replays whose time has not come"


def test_sources_in_trouble_and_late_ones_need_a_person() -> None:
    """As engines say it; one of another version says less."""
    lost = {"name": "shop", "ok": False, "lag": 0, "trouble": "no triggers on orders"}
    late = {"name": "crm", "ok": True, "lag": 90_000}
    now = now_of(
        [pulse(T, sources=[lost, late], since=T - 90_000_000), pulse(T, sources=[{"ok": False}])],
        Watch(), T,
    )  # fmt: skip
    assert [(need.chip, need.subject, need.text) for need in needs_of(Seen(BUSY, now=now))] == [
        ("source in trouble", "", f"does not bring all changes. {HELP}"),
        ("source in trouble", "shop", f"does not bring all changes: no triggers on orders. {HELP}"),
        ("source late", "crm", "is late: an event has waited 90 s."),
    ]
    assert words.spoken(now.running) == "1 d 1 h"


def test_how_long_is_told_in_two_units() -> None:
    told = {0: "0 s", 999: "0 s", 61_000: "1 min 1 s", 3_600_000: "1 h", 273_600_000: "3 d 4 h"}
    assert {ms: words.spoken(ms) for ms in told} == told


def test_what_was_not_counted_is_not_taken_for_nothing() -> None:
    seen = Seen(None, None, Now("working", T))
    needs = needs_of(seen)
    assert sentence_of(seen, needs) == "The engine is at work, but one thing needs you"
    assert needs[0].text.startswith("How much waits and dead letters by action: this took")
    assert sentence_of(Seen(None), needs[:1]) == "Not all was counted, and one thing needs you"
    assert tiles_of([], T, Now(), None)[4].number == "not counted"


def test_a_replay_says_what_it_has_passed_over() -> None:
    bulk = Bulk(
        "bulk_1", "2027-01-15T08:00:00.000Z", "ann", "ended", {}, total=9, marked=6, resolved=6,
        dead=0, other=0, passed={"its action is gone": 2, "it is being replayed": 1},
    )  # fmt: skip
    (told,) = progress_of([bulk], T)
    assert "2 passed over: its action is gone · 1 passed over: it is being replayed" in told.text


def minute(ago: int, **counts: int) -> Minute:
    ms = [0] * 14 + [counts["sent"]] if counts.get("sent") else []
    return Minute(T - ago * 60_000, 60_000, "endpoint", "erp", counts, ms)


def test_a_receiver_is_down_since_everything_fails() -> None:
    some = [minute(9, sent=5), minute(8, sent=5, failed=5), minute(5), minute(1, sent=2, failed=2)]
    assert down_since(some) == {"erp": "2027-01-15T07:52:00.000Z"}
    assert down_since([*some, minute(0, sent=3, failed=2)]) == {}
    places = by_minute(some, T + 1)
    assert [at for at, one in enumerate(places) if one.of("sent")] == [50, 51, 58]


def test_tiles_say_the_same_as_their_numbers() -> None:
    engine = [Minute(T - at * 60_000, 60_000, "engine", "", {"events": 60, "runs": 2, "done": 1})
              for at in range(5)]  # fmt: skip
    before = Minute(T - 7_200_000, 600_000, "engine", "", {"sent": 1000, "failed": 3})
    events, sent, failed, time, waiting = tiles_of([before, *engine], T, Now(), 7)
    assert (events.number, sent.number, time.number) == ("60", "0.0", "none")
    assert failed.note == "0 of 0, usually 0.3 %"
    assert (waiting.title, waiting.number) == ("Open runs", "7")
    assert tiles_of([], T, Now("working", T, oldest_due=T - 200), 0)[4].number == "200 ms"
    for tile in (events, sent, failed, waiting):
        assert all(line.path.startswith("M0 28L") for line in tile.lines[:1]) or tile is waiting


BROKEN = ENTITY.replace(
    'url: "${RECEIVER}"', 'url: "${RECEIVER}" circuit: { failures: 2, open_for: 5m }'
)


async def shown(here: Site, path: str, *words: str, seconds: float = 15) -> str:
    """A page once it says all this."""
    async with asyncio.timeout(seconds):
        while True:
            text = (await here.browser.get(path)).text
            if all(word in text for word in words):
                return text
            await asyncio.sleep(0.1)


async def test_a_receiver_that_is_down_is_seen_and_probed(
    tmp_path: Path, webhook_server: MockWebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From `/`: what waits, since when, by how many; one button tries it again."""
    monkeypatch.setattr("fql.engine.core.history.minutes.EVERY", 100)
    plan = plan_of(
        CHAIN.replace("max_attempts: 1", "max_attempts: 9 initial_delay: 20ms"), entity=BROKEN
    )
    async with site(tmp_path, webhook_server, plan=plan) as here:
        assert here.runtime is not None
        webhook_server.always(Reply(503, "maintenance"))
        for number in range(4):
            await here.runtime.emit("Order.insert", new=order(number), key=str(number))
        first = await shown(here, "/", "circuit open", "has failed since", "Probe now", "Running")
        assert "Keeping up, but one thing needs you" in first
        assert "4 matched" in first and "ready: circuit open" in first
        mine = await shown(here, "/endpoints/shop", "Next probe in")
        for words in ("503", "held back: circuit open", "Waits by limit", "placed.reserve",
                      "All that was sent here since", "p95 ≤ ", "on the wire"):  # fmt: skip
            assert words in mine, words
        told = (await here.browser.get("/endpoints", headers={"accept": "application/json"})).json()
        assert told[0]["state"] == "circuit open" and told[0]["reasons"]["503"] >= 2
        webhook_server.always(200)
        done = await here.post("/endpoints/probe", name="shop", back="one")
        assert done.headers["location"] == "/endpoints/shop"
        await here.runtime.until_idle(20)
        async with asyncio.timeout(15):
            while "Probe now" in (await here.browser.get("/endpoints/shop")).text:
                await asyncio.sleep(0.1)
        assert (await here.browser.get("/endpoints/nobody")).status_code == 410


async def test_who_only_reads_asks_no_engine(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    """The last minutes are shown; nothing is written for it, not even by looking."""
    async with site(tmp_path, webhook_server, read_only=True) as here:
        await here.fail(1)
        assert here.runtime is not None
        for path in ("/", "/endpoints", "/endpoints/shop", "/batches", "/dead"):
            text = (await here.browser.get(path)).text
            assert "Running" not in text and 'method="post"' not in text
        assert await here.runtime.client.pulses() == []
        posts = ("/dead/replay", "/dead/discard", "/endpoints/pause", "/endpoints/probe",
                 "/batches/seal", "/events/emit", "/runs/run_1/cancel")  # fmt: skip
        for path in posts:
            assert (await here.post(path, name="shop", confirm="yes")).status_code == 403, path


async def test_a_store_without_an_engine_says_so(
    tmp_path: Path, webhook_server: MockWebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One question waits for an engine, however long somebody looks."""
    monkeypatch.setattr("fql.ui.present.watching.UNHEARD", 50)
    monkeypatch.setattr("fql.ui.present.now.PATIENCE", 50)
    async with site(tmp_path, webhook_server) as here:
        await here.fail(1)
    async with site(tmp_path, webhook_server, engine=False) as here:
        text = await shown(here, "/", "No engine is at work, and", "not sending")
        assert "what you ask for is queued. Start <code>fqlc run</code>." in text
        for _ in range(5):
            await here.browser.get("/")
            await asyncio.sleep(0.06)
        client = await here.desk.commander()
        assert (await client.counts()).inbox == 1
