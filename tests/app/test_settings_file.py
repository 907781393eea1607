"""`fql.load_settings`: an application takes `fql.toml` as `fqlc run` does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import fql
from fql.testing import MockWebhookServer
from tests.app.plans import order, plan_of


async def test_a_runtime_of_an_application_follows_the_file(
    webhook_server: MockWebhookServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Store and copies of dead letters lie beside the file, wherever the process works."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    (tmp_path / "shop" / "fql.toml").write_text(
        '[store]\nurl = "sqlite:///shop.db"\n'
        '[webhooks.dlq]\nbackend = "file"\npath = "dead.jsonl"\n'
        '[egress]\nallow = ["${OPENED}"]\n'
    )
    webhook_server.always(400)
    settings = fql.load_settings(
        tmp_path / "shop" / "fql.toml", environment={"OPENED": "127.0.0.1/32"}
    )
    environment = {"RECEIVER": webhook_server.url}
    async with fql.Runtime(plan_of(), settings=settings, environment=environment) as runtime:
        await runtime.wait(await runtime.emit("Order.insert", new=order(1)), 5)
    assert json.loads((tmp_path / "shop" / "dead.jsonl").read_text())["class"] == "permanent"
    assert (tmp_path / "shop" / "shop.db").exists()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_what_is_wrong_with_the_file_is_said(tmp_path: Path) -> None:
    file = tmp_path / "fql.toml"
    with pytest.raises(fql.SettingsError, match="cannot be read: No such file"):
        fql.load_settings(file)
    file.write_bytes(b"\xff")
    with pytest.raises(fql.SettingsError, match="it is not UTF-8"):
        fql.load_settings(file)
    file.write_text('[egress]\nallow = ["${NOWHERE}"]\n')
    with pytest.raises(fql.MissingSecrets, match="NOWHERE"):
        fql.load_settings(file, environment={})
    file.write_text("[webhoks]\n")
    with pytest.raises(fql.SettingsError, match="did you mean `webhooks`"):
        fql.load_settings(file)
