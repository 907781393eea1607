"""The views and the buttons, over real sockets, on the store of a running engine."""

from __future__ import annotations

import asyncio
import json
import re
from html import unescape
from pathlib import Path
from urllib.parse import quote

import httpx

from fql.client import open_client
from fql.store.port import Counts
from fql.testing import MockWebhookServer
from fql.ui.present.state import Seen, needs_of, sentence_of
from tests.ui.site import TOKEN, Site, site

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>'\"{{ 7*7 }}\x1b[31m\u202egnp"


def test_what_is_not_counted_to_the_end_says_so() -> None:
    most = Counts(10_001, {"open": 10_001}, {}, 10_001, frozenset())
    needs = needs_of(Seen(most))
    assert needs[0].text.startswith("more than 10,000 commands waiting")
    assert sentence_of(Seen(most), needs) == "More than 10,000 runs open, and one thing needs you"


async def test_what_is_dead_is_shown_and_replayed(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    """From `/` by two links to the dead letter, and by two buttons to the receiver."""
    async with site(tmp_path, webhook_server) as here:
        await here.fail(1)
        first = (await here.browser.get("/")).text
        assert "one thing needs you" in first and 'href="/dead?observer=placed' in first
        listed = await here.browser.get("/dead?observer=placed&action=reserve&class=exhausted")
        (letter,) = await _json(here, "/dead")
        name = str(letter["dlq_id"])
        assert name in listed.text
        shown = (await here.browser.get(f"/dead/{name}")).text
        assert "maintenance until 15:00" in shown and "o1" in shown
        asked = await here.post("/dead/replay", id=name)
        assert asked.status_code == 200 and "Replay 1 dead letter?" in asked.text
        assert webhook_server.requests == [], "the question sends nothing"
        done = await here.post("/dead/replay", id=name, confirm="yes")
        assert done.status_code == 303
        assert here.runtime is not None
        await here.runtime.until_idle(10)
        assert [one.path for one in webhook_server.requests] == ["/reserve", "/label"]
        assert await _json(here, "/dead") == []
        gone = await here.browser.get(f"/dead/{name}")
        assert gone.status_code == 410


async def _json(here: Site, path: str) -> list[dict[str, object]]:
    answer = await here.browser.get(path, headers={"accept": "application/json"})
    found: list[dict[str, object]] = answer.json()
    return found


async def test_programs_get_what_the_commands_print(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    async with site(tmp_path, webhook_server) as here:
        await here.fail(1, 2)
        async with open_client(f"sqlite:///{tmp_path}/s.db") as client:
            letters = [one.as_json() for one in await client.dead_letters()]
            runs = [one.as_json() for one in await client.runs()]
        headers = {"accept": "application/json", "authorization": f"Bearer {TOKEN}"}
        program = httpx.AsyncClient(base_url=here.url, headers=headers, trust_env=False)
        async with program:
            assert (await program.get("/dead")).json() == json.loads(json.dumps(letters))
            assert (await program.get("/runs")).json() == json.loads(json.dumps(runs))
            wrong = await program.get("/dead", headers={"authorization": "Bearer no"})
            assert wrong.status_code == 401


async def test_foreign_text_is_inert(tmp_path: Path, webhook_server: MockWebhookServer) -> None:
    async with site(tmp_path, webhook_server) as here:
        await here.fail(1, id=HOSTILE, status=HOSTILE)
        letter, run = (await _json(here, "/dead"))[0], (await _json(here, "/runs"))[0]
        mine = (f"/dead/{letter['dlq_id']}", f"/runs/{run['run']}", f"/find?q={quote(HOSTILE)}")
        for path in ("/", "/dead", "/runs", "/plan", "/endpoints", *mine):
            text = (await here.browser.get(path)).text
            assert "<script>alert" not in text and "<img" not in text
            assert "\x1b" not in text and "\u202e" not in text


async def test_a_filter_that_is_not_known_is_not_taken_for_all(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    async with site(tmp_path, webhook_server) as here:
        await here.fail(1)
        answer = await here.browser.get("/dead?observr=placed")
        assert answer.status_code == 400 and "did you mean `observer`?" in answer.text
        assert (await here.browser.get("/dead?class=nix")).status_code == 400
        refused = await here.post("/dead/discard", observr="placed")
        assert refused.status_code == 400
        assert len(await _json(here, "/dead")) == 1


async def test_discarding_and_cancelling_ask_first(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    async with site(tmp_path, webhook_server) as here:
        await here.fail(1, 2, 3, 4)
        pages = [await here.browser.get("/dead")]
        older = re.search(r'<a href="([^"]+)">Older', pages[0].text)
        assert older is not None, "a page has three"
        pages.append(await here.browser.get(unescape(older[1])))
        shown = [re.findall(r"dlq_\w+_reserve\b(?=\" aria)", page.text) for page in pages]
        assert [len(one) for one in shown] == [3, 1]
        asked = await here.post("/dead/discard", observer="placed")
        assert "Discard 4 dead letters?" in asked.text
        await here.post("/dead/discard", observer="placed", confirm="yes")
        assert here.runtime is not None
        await here.runtime.until_idle(10)
        assert await _json(here, "/dead") == []


async def test_the_last_hour_is_told_in_numbers(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    async with site(tmp_path, webhook_server) as here:
        await here.fail(1, 2)
    async with site(tmp_path, webhook_server) as here:
        told = (await here.browser.get("/")).text
        assert "100 % <small>2 of 2</small>" in told and "p99 " in told
        (shop,) = await _json(here, "/endpoints")
        assert (shop["sent"], shop["failed"]) == (2, 2)
        assert None not in (shop["p50"], shop["p95"])
        assert "2 sent, 2 failed" in (await here.browser.get("/endpoints")).text


async def test_an_endpoint_is_paused_and_resumed(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    async with site(tmp_path, webhook_server) as here:
        assert here.runtime is not None
        await here.post("/endpoints/pause", name="shop")
        async with asyncio.timeout(10):
            while not (await _json(here, "/endpoints"))[0]["paused"]:
                await asyncio.sleep(0.05)
        assert "gets nothing until it is resumed" in (await here.browser.get("/")).text
        await here.post("/endpoints/resume", name="shop")
        async with asyncio.timeout(10):
            while (await _json(here, "/endpoints"))[0]["paused"]:
                await asyncio.sleep(0.05)


async def test_a_page_that_is_read_only_has_no_buttons(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    async with site(tmp_path, webhook_server, read_only=True) as here:
        await here.fail(1)
        for path in ("/", "/dead", "/runs", "/endpoints"):
            text = (await here.browser.get(path)).text
            assert 'method="post"' not in text and "read-only" in text
        refused = await here.post("/dead/replay", confirm="yes")
        assert refused.status_code == 403


async def test_a_store_that_is_not_there_yet_is_a_sentence(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    async with site(tmp_path, webhook_server, engine=False) as here:
        answer = await here.browser.get("/")
        assert answer.status_code == 503
        assert "there is no store" in answer.text and "fqlc run" in answer.text
        assert not (tmp_path / "s.db").exists(), "who looks makes nothing"


async def test_nobody_else_gets_anything(tmp_path: Path, webhook_server: MockWebhookServer) -> None:
    async with site(tmp_path, webhook_server) as here:
        await here.fail(1)
        async with httpx.AsyncClient(base_url=here.url, trust_env=False) as stranger:
            for path in ("/", "/dead", "/runs", "/live", "/plan"):
                answer = await stranger.get(path)
                assert answer.status_code == 401 and "placed" not in answer.text
            assert (await stranger.get("/in/guess")).status_code == 401
            assert (await stranger.get("/files/page.css")).status_code == 200
            assert (await stranger.get("/files/layout.html")).status_code in (401, 404)
        forged = await here.browser.post(
            "/dead/replay", data={"token": "x"}, headers={"origin": "http://evil.example"}
        )
        assert forged.status_code == 403
        rebound = await here.browser.get("/", headers={"host": "evil.example"})
        assert rebound.status_code == 421
        policy = rebound.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        large = await here.browser.post("/dead/replay", content=b"x" * 65_000)
        assert large.status_code == 413


async def test_a_store_that_is_restored_below_the_page_is_opened_again(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    async with site(tmp_path, webhook_server) as here:
        await here.fail(1)
    kept = (tmp_path / "s.db").read_bytes()
    async with site(tmp_path, webhook_server, engine=False) as here:
        assert (await here.browser.get("/")).status_code == 200
        for file in tmp_path.glob("s.db*"):
            file.unlink()
        (tmp_path / "s.db").write_bytes(kept)
        assert (await here.browser.get("/")).status_code == 503
        again = await here.browser.get("/")
        assert again.status_code == 200 and "one thing needs you" in again.text


async def test_forms_work_behind_a_proxy_that_speaks_tls(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    """It hands on the public name, and the browser says that it came by https."""
    async with site(tmp_path, webhook_server, hosts=("fql.example.com",)) as here:
        await here.fail(1)
        proxied = {"host": "fql.example.com", "x-forwarded-proto": "https"}
        entered = await here.browser.get(f"/in/{here.logins.link()}", headers=proxied)
        cookie = entered.headers["set-cookie"]
        assert "Secure" in cookie and "HttpOnly" in cookie and "SameSite=lax" in cookie
        proxied["cookie"] = cookie.partition(";")[0]
        text = (await here.browser.get("/dead", headers=proxied)).text
        token = re.search(r'name="token" value="([^"]+)"', text)
        assert token is not None
        data = {"token": token[1], "observer": "placed"}
        for origin, status in {
            "https://fql.example.com": 200, "http://fql.example.com": 200,
            "https://evil.example": 403, "https://fql.example.com:444": 403,
        }.items():  # fmt: skip
            headers = {**proxied, "origin": origin}
            answer = await here.browser.post("/dead/replay", data=data, headers=headers)
            assert answer.status_code == status, origin
        plain = await here.browser.get(f"/in/{here.logins.link()}")
        assert "Secure" not in plain.headers["set-cookie"]
