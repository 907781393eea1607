"""`fqlc doctor` looks for the server and the functions that a plan needs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fqlc.cli.main import run

TEXT = """
entity Order { id: ID @key }
observer o { on: Order.insert
  call check { function: books.check arguments: { order: id } }
  publish tell { subject: "orders" body: { id } } }
"""


def found(folder: Path, settings: str, capsys: pytest.CaptureFixture[str]) -> dict[str, list[str]]:
    """Level and message of what was found about both."""
    (folder / "o.fql").write_text(TEXT)
    (folder / "fql.toml").write_text(settings)
    run(
        [
            "doctor",
            str(folder / "o.fql"),
            "--settings",
            str(folder / "fql.toml"),
            "--format",
            "json",
        ]
    )
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return {one["subject"]: [one["level"], one["message"]] for one in lines}


def test_what_is_missing_is_a_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], nats_url: str
) -> None:
    told = found(tmp_path, "", capsys)
    assert told["nats"][0] == "problem"
    assert "no `[nats] url`" in told["nats"][1]
    assert told["calls"][0] == "warning"
    (tmp_path / "doctored.py").write_text("CALLS = {'books.other': print}\n")
    calls = '[project]\ncalls = "doctored:CALLS"\n'
    told = found(tmp_path, calls + '[nats]\nurl = "nats://127.0.0.1:9"\n', capsys)
    assert told["nats"][0] == "problem"
    assert told["calls"] == [
        "problem",
        "the plan calls functions that were not given: books.check (for action o.check)",
    ]
    (tmp_path / "doctored2.py").write_text("CALLS = {'books.check': print}\n")
    calls = '[project]\ncalls = "doctored2:CALLS"\n'
    told = found(tmp_path, f'{calls}[nats]\nurl = "{nats_url}"\n', capsys)
    assert told["nats"][0] == "ok"
    assert told["calls"][1].startswith("functions do not take what the plan calls them with")
