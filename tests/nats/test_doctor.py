# ruff: noqa: E501 - sources in the language are shown as they are written
"""`fqlc doctor` looks for the server and the functions that a plan needs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.nats.test_publish import made
from tests.servers.nats import fresh, running

from fqlc.cli.main import run

TEXT = """
entity Order { id: ID @key }
observer o { on: Order.insert
  call check { function: books.check arguments: { order: id } }
  publish tell { subject: "orders" body: { id } } }
"""


def found(
    folder: Path, settings: str, capsys: pytest.CaptureFixture[str], text: str = TEXT
) -> dict[str, list[str]]:
    """Level and message of what was found about both."""
    (folder / "o.fql").write_text(text)
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
    assert told["action o.tell"][1].startswith("no stream takes orders: messages wait for one")
    assert told["calls"][1].startswith("functions do not take what the plan calls them with")


PATIENT = """
entity Order { id: ID @key }
observer o { on: Order.insert
  publish tell { subject: "%s.{{ id }}.x" body: { id } retry: { %s } timeout: 1s } }
"""


@pytest.mark.parametrize(("retry", "told"), [
    ("max_attempts: 1", None),
    ("max_attempts: 3, initial_delay: 1s", None),
    ("max_attempts: 9, initial_delay: 1s, max_delay: 4s", None),
    ("max_attempts: 9, initial_delay: 1s, max_delay: 1m, max_elapsed: 4s", None),
    ("max_attempts: 9, initial_delay: 1s, max_delay: 10s", "11s"),
    ("max_attempts: 4, initial_delay: 1m, max_delay: 1h", "6m 16s"),
])  # fmt: skip
def test_a_stream_that_forgets_before_the_next_attempt_is_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], nats_url: str, retry: str, told: str | None
) -> None:
    """A window of five seconds; the longest delay and the timeout before it count."""
    stream = fresh()
    asyncio.run(made(nats_url, stream, duplicate_window=5))
    text = PATIENT % (stream, retry)
    all_of_it = found(tmp_path, f'[nats]\nurl = "{nats_url}"\n', capsys, text)
    warned = all_of_it.get("action o.tell")
    assert (warned is None) == (told is None)
    if warned is not None:
        assert (
            f"knows a message again for 5s (`duplicate_window`), and the next attempt may come {told} later"
            in warned[1]
        )


@pytest.mark.parametrize(("who", "level", "told"), [
    ("fql:right-one-9@", "ok", "lets us in"),
    ("fql:wrong-one-8@", "problem", "does not let us in: Authorization Violation; correct user, password"),
    ("", "problem", "does not let us in: Authorization Violation"),
])  # fmt: skip
def test_wrong_credentials_are_a_problem_and_not_shown(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    guarded: str,
    who: str,
    level: str,
    told: str,
) -> None:
    url = guarded.replace("nats://", f"nats://{who}")
    lines = found(tmp_path, f'[nats]\nurl = "{url}"\n', capsys, PATIENT % ("x", "max_attempts: 1"))
    assert (lines["nats"][0], told in lines["nats"][1]) == (level, True)
    assert "one-" not in str(lines)


def test_who_may_not_look_at_streams_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], guarded: str
) -> None:
    url = guarded.replace("nats://", "nats://less:less@")
    lines = found(tmp_path, f'[nats]\nurl = "{url}"\n', capsys, PATIENT % ("x", "max_attempts: 1"))
    assert lines["nats"][0] == "warning"
    assert "may not publish to $JS.API.STREAM.LIST" in lines["nats"][1]


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    """A server with passwords."""
    users = """authorization { users: [ { user: fql, password: "right-one-9" }
      { user: less, password: less, permissions: { publish: "x.>" } } ] }"""
    with running(users) as server:
        yield server.url
