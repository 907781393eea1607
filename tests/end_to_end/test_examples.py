"""Every example does what its folder says, with the installed command and a real receiver."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from fql.testing import MockWebhookServer
from tests.end_to_end.support import EXAMPLES, calls, fqlc, lines, script

FOLDERS = sorted(p.name for p in EXAMPLES.iterdir() if (p / "shop.fql").exists())
WITH_EVENTS = [name for name in FOLDERS if (EXAMPLES / name / "events.jsonl").exists()]


def copy_of(name: str, tmp_path: Path) -> Path:
    """A fresh copy of an example, so that runs leave nothing behind."""
    return Path(shutil.copytree(EXAMPLES / name, tmp_path / name))


@pytest.mark.parametrize("name", FOLDERS)
def test_example_is_sound(name: str, tmp_path: Path) -> None:
    """It checks without any report, compiles, and has a picture."""
    folder = copy_of(name, tmp_path)
    assert fqlc("check", "--format", "json", "shop.fql", cwd=folder) == ""
    fqlc("compile", "-o", "shop.plan.json", "shop.fql", cwd=folder)
    fqlc("graph", "-o", "shop.svg", "shop.fql", cwd=folder)
    assert "<svg" in (folder / "shop.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", WITH_EVENTS)
def test_example_sends_what_it_says(name: str, tmp_path: Path) -> None:
    """The receiver gets the requests of `expected.jsonl`; steps of one run do not overlap."""
    folder = copy_of(name, tmp_path)
    expected = lines(folder / "expected.jsonl")
    with MockWebhookServer() as server:
        script(server, folder / "answers.json")
        fqlc(
            "run", "shop.fql", "--events", "events.jsonl", "--until-idle", cwd=folder, server=server
        )
        came = calls(server)
        assert sorted(map(json.dumps, came)) == sorted(map(json.dumps, expected))
        if len(lines(folder / "events.jsonl")) == 1:
            assert came == expected
        keys = {r.key for r in server.requests}
        again = {(r.headers["fql-action"], r.path, r.body) for r in server.requests}
        assert len(keys) == len(again), "a delivery has one key over all its attempts"


def test_running_an_example_twice_sends_once(tmp_path: Path) -> None:
    """Events that bring an id are remembered by the store."""
    folder = copy_of("01_first_observer", tmp_path)
    with MockWebhookServer() as server:
        for _ in range(2):
            fqlc(
                "run",
                "shop.fql",
                "--events",
                "events.jsonl",
                "--until-idle",
                cwd=folder,
                server=server,
            )
        assert server.call_count == 2


def test_replay_continues_behind_the_failed_action(tmp_path: Path) -> None:
    """Example 05: after the replay the ledger gets the same key again, then the receipt is sent."""
    folder = copy_of("05_failure_and_replay", tmp_path)
    with MockWebhookServer() as server:
        script(server, folder / "answers.json")
        fqlc(
            "run", "shop.fql", "--events", "events.jsonl", "--until-idle", cwd=folder, server=server
        )
        key = server.requests[0].key
        server.clear()
        listed = fqlc("dlq", "list", "--format", "json", cwd=folder)
        entries = [json.loads(line) for line in listed.splitlines()]
        assert [e["action"] for e in entries] == ["ledger"]
        assert entries[0]["class"] == "exhausted" and len(entries[0]["attempts"]) == 2
        shown = fqlc("dlq", "show", entries[0]["dlq_id"], cwd=folder)
        assert "503" in shown
        fqlc("dlq", "replay", entries[0]["dlq_id"], "--force", cwd=folder)
        fqlc("run", "shop.fql", "--until-idle", cwd=folder, server=server)
        assert calls(server) == lines(folder / "expected_after_replay.jsonl")
        assert server.requests[0].key == key
        assert fqlc("dlq", "list", "--format", "json", cwd=folder) == ""
