"""`/plan`, `/batches`, `/find`, and what is true of every list."""

from __future__ import annotations

from pathlib import Path

from fql.testing import MockWebhookServer
from tests.app.plans import CHAIN, ONE, order, plan_of
from tests.ui.site import Site, site

BATCHED = """
observer placed {
  on: Order.insert
  webhook tell {
    endpoint: shop  path: "/orders"  batch: { size: 3, timeout: 1h }  retry: { max_attempts: 1 }
    body: each { id }
  }
}
"""


async def test_a_plan_says_what_changed_since_the_one_before(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    """Without a compiler: which parts. `fqlc ui` brings the words of `fqlc diff`."""
    first = plan_of(CHAIN)
    async with site(tmp_path, webhook_server, plan=first) as here:
        await here.fail(1)  # which keeps its plan in the store
    second = plan_of(ONE)
    async with site(tmp_path, webhook_server, plan=second) as here:
        shown = (await here.browser.get("/plan")).text
        assert "observer placed" in shown and "has changed" in shown
        older = await here.browser.get(f"/plan/{first.digest}")
        assert older.status_code == 200 and "not active" in older.text
        loaded = await here.browser.get(f"/plan/{first.digest.removeprefix('sha256:')}?download=1")
        assert loaded.json()["digest"] == first.digest
        assert (await here.browser.get("/plan/sha256:0000")).status_code == 410


async def test_what_is_collected_and_what_is_sealed(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    async with site(tmp_path, webhook_server, plan=plan_of(BATCHED)) as here:
        await here.fail(1, 2, 3)
        assert here.runtime is not None
        await here.runtime.emit("Order.insert", new=order(4), key="4")
        await here.runtime.until_idle(10)
        headers = {"accept": "application/json"}
        buffer, sealed = (await here.browser.get("/batches", headers=headers)).json()
        assert (buffer["members"], sealed["dead"]) == (1, 3)
        shown = (await here.browser.get("/batches")).text
        assert "placed.tell" in shown and sealed["batch"] in shown
        asked = await here.post("/dead/replay", batch=sealed["batch"])
        assert "Replay 3 dead letters?" in asked.text


async def test_every_list_refuses_a_filter_that_it_does_not_know(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    async with site(tmp_path, webhook_server) as here:
        for name in ("runs", "dead", "dead/export", "batches", "plan", "find", "endpoints"):
            answer = await here.browser.get(f"/{name}?nix=1")
            assert answer.status_code == 400 and "there is no filter" in answer.text
            told = await here.browser.get(f"/{name}?nix=1", headers={"accept": "application/json"})
            assert told.json()["error"].startswith("there is no filter")


async def _where(here: Site, text: str) -> str:
    answer = await here.browser.get("/find", params={"q": text})
    return str(answer.headers.get("location", answer.status_code))


async def test_find_goes_where_the_name_leads(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    async with site(tmp_path, webhook_server) as here:
        assert here.runtime is not None
        receipt = await here.runtime.emit("Order.insert", new=order(1), key="1", id="evt-7")
        await here.runtime.until_idle(10)
        (run,) = (await here.browser.get("/runs", headers={"accept": "application/json"})).json()
        for text in (receipt.id, "evt-7", run["run"], f"  {run['run']} "):
            assert await _where(here, text) == f"/runs/{run['run']}"
        assert await _where(here, "dlq_1_x") == "/dead/dlq_1_x"
        for text in ("", "run_/../x", "run_zz", "nothing", "//evil.example/run_1"):
            assert await _where(here, text) in ("200", f"/runs/{text}"), text


async def test_all_dead_letters_are_exported_as_lines(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    async with site(tmp_path, webhook_server) as here:
        await here.fail(1, 2, 3, 4, 5)
        answer = await here.browser.get("/dead/export?observer=placed")
        assert len(answer.text.splitlines()) == 5, "a page has three"
        assert answer.headers["content-disposition"].startswith("attachment")
