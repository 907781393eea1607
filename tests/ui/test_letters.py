"""Dead letters on the page: found, counted, replayed in other ways; batches, sealed by hand."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from fql.testing import MockWebhookServer
from fql.ui.views import batches, dead
from tests.app.plans import CHAIN, order, plan_of
from tests.ui.site import Site, site
from tests.ui.test_now import shown

JSON = {"accept": "application/json"}
ANSWERED = """
type Place { place: String }
observer placed {
  on: Order.insert
  webhook reserve {
    endpoint: shop path: "/reserve" body: { id } retry: { max_attempts: 1 }
    response: Place
  }
  webhook label { endpoint: shop path: "/label" body: { place: reserve.response.place } }
}
"""
BATCHED = """
observer gathered {
  on: Order.insert
  webhook tell {
    endpoint: shop path: "/many" body: each { id } batch: { size: 100 timeout: 1h }
    retry: { max_attempts: 1 }
  }
}
"""


async def found(here: Site, query: str) -> list[str]:
    """The rows of the dead letters that a filter finds, newest first."""
    told = (await here.browser.get(f"/dead?{query}", headers=JSON)).json()
    return [one["row_key"] for one in told]


async def test_they_are_found_by_row_entity_and_reason(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    async with site(tmp_path, webhook_server) as here:
        await here.fail(1, 2)
        assert await found(here, "row=Order+o1") == ["o1"]
        assert await found(here, "reason=503") == ["o2", "o1"]
        assert await found(here, "reason=504") == await found(here, "reason=%25") == []
        assert await found(here, "entity=Order&class=exhausted&row=Order+o2") == ["o2"]
        for wrong in ("row=o1", "row=Order+o1&entity=Parcel", "class=nix"):
            assert (await here.browser.get(f"/dead?{wrong}")).status_code == 400, wrong
        listed = (await here.browser.get("/dead?reason=503")).text
        assert "2 match. The buttons act on all of them" in listed
        assert "Replay 2…" in listed and "Discard 2…" in listed
        assert 'name="reason" value="503"' in listed, "the buttons have the filter"
        only = (await here.browser.get("/dead?row=Order+o1")).text
        assert "1 matches." in only and "Replay 1…" in only


async def test_an_answer_is_supplied_or_a_delay(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    async with site(tmp_path, webhook_server, plan=plan_of(ANSWERED)) as here:
        await here.fail(1, 2)
        assert here.runtime is not None
        (second, first) = (await here.browser.get("/dead", headers=JSON)).json()
        shown = (await here.browser.get(f"/dead/{first['dlq_id']}")).text
        assert "label</b> waits for it" in shown and "Replay in another way" in shown
        way = {"id": first["dlq_id"], "response": '{"place": "A7"}'}
        asked = (await here.post("/dead/replay", **way)).text
        assert "Nothing is sent: this is taken as the answer" in asked and "A7" in asked
        assert "a second</label>" not in asked, "nothing is sent, so no rate"
        await here.post("/dead/replay", **way, confirm="yes")
        await here.runtime.until_idle(20)
        assert [one.payload for one in webhook_server.requests] == [{"place": "A7"}]
        wrong = await here.post("/dead/replay", id=second["dlq_id"], response="{")
        assert wrong.status_code == 400 and "is not JSON" in wrong.text
        late = await here.post("/dead/replay", id=second["dlq_id"], delay="1h", plan="original")
        assert "After 1h" in late.text and "by the plan of the run" in late.text
        assert (
            await here.post("/dead/replay", id=second["dlq_id"], delay="soon")
        ).status_code == 400


async def test_a_replay_of_many_shows_how_far_it_is_and_is_stopped(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    """The dry run says how many go to which host and how long it takes; the form sent twice begins
    one; what was marked goes on after the stop."""
    async with site(tmp_path, webhook_server) as here:
        await here.fail(1, 2, 3, 4, 5)
        assert here.runtime is not None
        asked = (await here.post("/dead/replay", observer="placed", rate="0.5")).text
        assert "Replay 5 dead letters?" in asked and "<code>shop</code> (5)" in asked
        assert "At 0.5 a second it takes about 10 s" in asked
        assert webhook_server.requests == []
        main = asked.partition("<main")[2]
        held = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', main))
        places = [
            (await here.post("/dead/replay", **held, rate="0.5")).headers["location"]
            for _ in range(2)
        ]
        (bulk,) = re.findall(r"bulk=(bulk_\w+)", places[0])
        assert places[0] == places[1]
        text = await shown(here, places[0], "Replaying", "of 5", "0.5 a second")
        assert "asked for by page" in text and f'name="bulk" value="{bulk}"' in text
        assert (await here.post("/dead/stop", bulk=bulk)).status_code == 303
        text = await shown(here, "/dead", "Stopped")
        assert text.count("<progress") == 1 and f'name="bulk" value="{bulk}"' not in text
        await here.runtime.until_idle(20)
        assert 1 <= len(await found(here, "")) <= 4
        assert (await here.post("/dead/stop", bulk="bulk_ffff")).status_code == 400
        bare = await here.post("/dead/replay", observer="placed", confirm="yes")
        assert bare.status_code == 400, "nobody was told how many"


async def test_many_are_discarded_once_their_number_is_typed(
    tmp_path: Path, webhook_server: MockWebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert dead.ASK_TWICE == 100
    monkeypatch.setattr(dead, "ASK_TWICE", 2)
    async with site(tmp_path, webhook_server, plan=plan_of(CHAIN)) as here:
        await here.fail(1, 2, 3)
        assert here.runtime is not None
        asked = await here.post("/dead/discard", observer="placed")
        assert "Type 3 to continue" in asked.text
        for typed in ("", "2", "all"):
            again = await here.post("/dead/discard", observer="placed", confirm="yes", typed=typed)
            assert again.status_code == 200, "it asks again"
        done = await here.post("/dead/discard", observer="placed", confirm="yes", typed="3")
        assert done.status_code == 303
        await here.runtime.until_idle(20)
        assert await found(here, "") == []


async def test_a_batch_is_sealed_and_its_dead_members_replayed(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    async with site(tmp_path, webhook_server, plan=plan_of(BATCHED)) as here:
        assert here.runtime is not None
        webhook_server.always(503)
        for number in range(2):
            await here.runtime.emit("Order.insert", new=order(number), key=str(number))
        text = (await here.browser.get("/batches")).text
        assert "gathered.tell" in text and "Seal now" in text
        await here.post("/batches/seal", observer="gathered", action="tell")
        async with asyncio.timeout(15):
            while "Replay 2…" not in (text := (await here.browser.get("/batches")).text):
                await asyncio.sleep(0.05)
        batch = re.search(r'name="batch" value="(bat_\w+)"', text)
        assert batch is not None
        asked = await here.post("/dead/replay", batch=batch[1])
        assert "Replay 2 dead letters?" in asked.text
        assert (await here.post("/batches/seal", observer="nobody")).status_code == 400


async def test_batches_are_listed_beyond_the_newest(
    tmp_path: Path, webhook_server: MockWebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path, webhook_server, plan=plan_of(BATCHED)) as here:
        assert here.runtime is not None
        for number in range(5):
            await here.runtime.emit("Order.insert", new=order(number), key=str(number))
        monkeypatch.setattr(batches, "LOOKED_AT", 2)
        members, path = 0, "/batches"
        while path:
            text = (await here.browser.get(path)).text
            members += sum(map(int, re.findall(r'<td class="n">(\d)</td>', text)))
            older = re.search(r'href="([^"]+)">Older', text)
            path = older[1].replace("&amp;", "&") if older else ""
        assert members == 5
        assert (await here.browser.get("/batches?after=x")).status_code == 400
