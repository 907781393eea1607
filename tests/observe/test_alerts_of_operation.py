"""The alerts that speak of disk, backups, secrets, reloads and engines: each fires over samples of
a real runtime, and has a page that says what to do."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fql.app.watching import note_reload
from fql.observe.alerts import ALERTS, page_of, rules
from fql.testing import MockWebhookServer
from tests.cli_runtime.conftest import Fqlc, fqlc
from tests.observe.promql import Recorder
from tests.observe.support import SOURCE, runtime, scrape, sqlite
from tests.observe.test_alerts import STEP, firing, recorded

__all__ = ["fqlc"]
HOUR = 3_600_000
RUNBOOKS = Path(__file__).parents[2] / "docs" / "runbooks"
SECTIONS = ["What it means", "Look first", "Causes", "What to do", "What not to do"]


async def test_disk_low(
    webhook_server: MockWebhookServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below a tenth, or below 1 GB of a small disk."""
    real = os.statvfs(tmp_path)
    times = [step * STEP for step in range(21)]
    for free, blocks, fires in ((9, 100, True), (11, 100, False), (200_000, 1_000_000, True)):
        unit = 4096 if blocks > 100 else 1 << 30
        small = os.statvfs_result((unit, unit, blocks, free, free, *real[5:]))
        with monkeypatch.context() as patch:
            patch.setattr("fql.store.sqlite.reading.read.os.statvfs", lambda _, found=small: found)
            async with runtime(webhook_server, store=sqlite(tmp_path)) as running:
                found = firing(await recorded(running, *times), times[-1])
        assert ("FqlDiskLow" in found) == fires, (free, blocks)


async def test_no_engine(webhook_server: MockWebhookServer, tmp_path: Path) -> None:
    """Nothing is scraped, or only a process that is not the engine."""
    times = [step * STEP for step in range(9)]
    assert "FqlNoEngine" in firing(Recorder(), times[-1])
    async with runtime(webhook_server, store=sqlite(tmp_path)) as engine:
        async with runtime(webhook_server, store=sqlite(tmp_path)) as standby:
            alone = await recorded(standby, *times)
        both = await recorded(engine, *times)
    assert "FqlNoEngine" in firing(alone, times[-1])
    assert "FqlNoEngine" not in firing(both, times[-1])


async def test_reload_failed(webhook_server: MockWebhookServer) -> None:
    async with runtime(webhook_server) as running:
        note_reload(running, failed=True)
        failed = await recorded(running, STEP)
        note_reload(running, failed=False)
        assert set(firing(failed, STEP)) == {"FqlReloadFailed"}
        assert running._watched.reload_failed is False


@pytest.mark.parametrize(("days", "fires"), [(6, True), (8, False)])
async def test_secret_that_expires(
    webhook_server: MockWebhookServer, days: int, fires: bool
) -> None:
    end = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    secret = '{ secret: "${KEY}", not_after: "' + end + '" }'
    text = SOURCE.replace("timeout: 2s", f"timeout: 2s  signing: {{ secret: [{secret}] }}")
    names = {"KEY": "whsec_" + "b2xk" * 11}
    async with runtime(webhook_server, text=text, environment=names) as running:
        found = firing(await recorded(running, STEP), STEP)
        seen = await scrape(running)
    assert ("FqlSecretExpires" in found) == fires
    assert "fql_secret_expires_seconds" in str(seen)


@pytest.mark.parametrize(("hours", "fires"), [(None, False), (25, False), (27, True)])
async def test_backup_old(
    webhook_server: MockWebhookServer, tmp_path: Path, hours: int | None, fires: bool
) -> None:
    """Once there was one."""
    async with runtime(webhook_server, store=sqlite(tmp_path)) as running:
        if hours is not None:
            at = int(time.time() * 1000) - hours * HOUR
            with closing(sqlite3.connect(tmp_path / "fql.db")) as store:
                store.execute("INSERT INTO fql_meta VALUES('backup', ?)", (at,))
                store.commit()
        found = firing(await recorded(running, STEP), STEP)
    assert ("FqlBackupOld" in found) == fires


def test_each_alert_has_a_page_and_each_page_an_alert() -> None:
    assert {file.stem for file in RUNBOOKS.glob("Fql*.md")} == {alert.name for alert in ALERTS}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_a_page_says_what_somebody_needs_at_night(alert: object) -> None:
    name = str(getattr(alert, "name", ""))
    text = (RUNBOOKS / f"{name}.md").read_text("utf-8")
    assert text.startswith(f"# {name}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert "fqlc " in text or "log" in text


def test_alerts_name_their_pages(fqlc: Fqlc) -> None:
    shown = fqlc("observability", "alerts", "--runbooks", "https://wiki/{alert}.md").out
    assert shown.count("runbook_url:") == len(ALERTS)
    assert 'runbook_url: "https://wiki/FqlDiskLow.md"' in shown
    assert page_of("https://wiki/fql/", "FqlDiskLow") == "https://wiki/fql/FqlDiskLow"
    assert "runbook_url" not in rules("fql")
    assert fqlc("observability", "alerts", "--runbooks", "wiki").code == 2
