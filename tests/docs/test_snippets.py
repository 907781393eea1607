"""The Python that pages show does what they say."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

import fqlc
from fql import Receipt, Runtime, load_plan
from fql.plan.stored.codec import read_plan
from fql.webhooks import sign_webhook
from fqlc.emit.dot import dot_source
from fqlc.emit.draw import draw
from fqlc.emit.picture import picture_of
from tests.docs.test_docs import PROGRAM, ROOT

SNIPPET = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def snippets(page: str) -> list[str]:
    return SNIPPET.findall((ROOT / page).read_text(encoding="utf-8"))


def test_the_receiver_of_the_page_lets_only_genuine_requests_in() -> None:
    names: dict[str, Any] = {}
    exec(snippets("docs/how-to/receive-webhooks.md")[0], names)
    headers = sign_webhook(b"{}", SECRET)
    assert names["receive"](headers, b"{}") == 200
    assert names["receive"](headers, b"{ }") == 401
    assert names["receive"]({}, b"{}") == 401


async def test_the_functions_of_the_page_are_called() -> None:
    """With the program of the same page, whose webhook has no receiver here."""
    page = (ROOT / "docs/how-to/call.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(snippets("docs/how-to/call.md")[0], names)
    plan = fqlc.compile_text(PROGRAM.findall(page)[0]).plan
    assert plan is not None
    async with Runtime(read_plan(plan), store="memory:", calls=names["CALLS"]) as runtime:
        for number, total in enumerate(("9.50", "-1")):
            new = {"id": f"o{number}", "country": "DE", "total": total}
            await runtime.emit("Order.insert", new=new)
        while len(letters := await runtime.client.dead_letters()) < 2:
            await asyncio.sleep(0.01)
    reasons = {letter.action: letter.reason for letter in letters}
    assert reasons["reserve"] == "permanent: an order below zero is never reserved"
    assert "book" in reasons
    assert list(names["SEEN"].values()) == [{"shelf": "A7", "left": 3}]


def test_the_picture_of_the_readme_is_that_of_its_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn by what every installation brings; `fqlc graph -o docs/images/order_shipped.svg`."""
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    program = PROGRAM.findall((ROOT / "README.md").read_text(encoding="utf-8"))[0]
    plan = fqlc.compile_text(program).plan
    assert plan is not None
    drawn = draw(dot_source(picture_of(read_plan(plan))), "svg")
    assert drawn == (ROOT / "docs/images/order_shipped.svg").read_bytes()


async def test_the_application_of_the_readme_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the program of the same page; nothing matches its condition, so nothing is sent."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CARRIER_SECRET", SECRET)
    program = PROGRAM.findall((ROOT / "README.md").read_text(encoding="utf-8"))[0]
    plan = fqlc.compile_text(program).plan
    assert plan is not None
    Path("shop.plan.json").write_bytes(plan)
    before = {"id": 1, "customer": "Ada", "status": "paid", "total": "20.00"}
    (shown,) = snippets("README.md")
    imports, _, body = shown.partition("\n\n")
    inner = "".join(f"    {line}\n" for line in body.splitlines())
    names: dict[str, Any] = {"before": before, "after": {**before, "status": "shipped"}}
    exec(f"{imports}\nasync def application():\n{inner}    return receipt\n", names)
    receipt: Receipt = await names["application"]()
    assert receipt.runs == ()
    assert json.loads(plan)["digest"] == load_plan("shop.plan.json").digest
