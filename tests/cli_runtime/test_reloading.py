"""SIGHUP: which changed settings are applied, and that a user is told of the rest."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.cli_runtime.conftest import Fqlc
from tests.cli_runtime.shop import lines, paid, write_project
from tests.cli_runtime.test_run import ready, running

from fql.cli.running.reloading import Changes, changes
from fql.settings.reading import read_settings
from fql.testing.server import MockWebhookServer

MORE = """
[webhooks.retry]
max_attempts = 9
[webhooks.dispatch]
max_in_flight = 7
[observability.logging]
level = "debug"
[store]
keep_runs = "1h"
[observability.prometheus]
port = 0
"""


def told(before: str, after: str, last: str | None = None, *, compiled: bool = False) -> Changes:
    texts = [read_settings(text) for text in (before, before if last is None else last, after)]
    return changes(*texts, compiled=compiled)


def test_each_changed_key_is_taken_up_or_named() -> None:
    found = told("", MORE)
    assert found.taken_up == ("observability.logging.level", "webhooks.retry.max_attempts")
    assert found.restart == (
        "observability.prometheus", "store.keep_runs", "webhooks.dispatch.max_in_flight"
    )  # fmt: skip
    assert found.compile == ()
    assert told(MORE, MORE) == Changes()


def test_a_compiled_plan_has_its_policies_within() -> None:
    found = told("", MORE, compiled=True)
    assert found.compile == ("webhooks.retry.max_attempts",)
    assert found.taken_up == ("observability.logging.level",)


def test_what_waits_for_a_restart_is_named_again_and_what_was_taken_up_is_not() -> None:
    found = told("", MORE, MORE)
    assert found.taken_up == ()
    assert "store.keep_runs" in found.restart
    assert told("", "", MORE).restart == (), "set back as it was"


@contextmanager
def reloaded(folder: Path, after: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """An engine whose settings have changed under it, and what it said of that."""
    write_project(folder, "${RECEIVER}")
    with running(folder) as engine:
        ready(engine)
        write_project(folder, "${RECEIVER}", settings=after)
        yield engine, hang_up(engine)


def hang_up(engine: subprocess.Popen[str]) -> list[str]:
    """Send the signal; what is said up to the line on restarts, which comes last here."""
    engine.send_signal(signal.SIGHUP)
    assert engine.stderr is not None
    said = []
    for line in engine.stderr:
        said.append(line)
        if "restart for" in line:
            return said
    pytest.fail("".join(said))


def test_a_user_is_told_what_needs_a_restart(tmp_path: Path, server: MockWebhookServer) -> None:
    with reloaded(tmp_path, MORE) as (_, said):
        text = "".join(said)
        assert "settings applied: observability.logging.level" in text
        assert "store.keep_runs, webhooks.dispatch.max_in_flight" in said[-1]
        assert '"level":"warning"' in said[-1]


RESTART = "[store]\nkeep_runs = %s\n"


def test_the_level_of_logs_is_taken_up(
    tmp_path: Path, server: MockWebhookServer, process: Fqlc
) -> None:
    quiet = '[observability.logging]\nlevel = "warning"\n'
    with reloaded(tmp_path, quiet + RESTART % '"2h"') as (engine, _):
        (tmp_path / "e.json").write_text(lines(paid(1)))
        assert process("emit", "e.json").code == 0
        assert server.wait_for(2, 30)
        engine.send_signal(signal.SIGTERM)
        _, err = engine.communicate(timeout=30)
    assert '"level":"info"' not in err


def test_a_network_that_is_no_longer_allowed_gets_nothing_more(
    tmp_path: Path, server: MockWebhookServer, process: Fqlc
) -> None:
    """Not even on a connection that is open."""
    with reloaded(tmp_path, RESTART % '"2h"') as (engine, _):
        (tmp_path / "e.json").write_text(lines(paid(1)))
        assert process("emit", "e.json").code == 0
        assert server.wait_for(2, 30)
        (tmp_path / "fql.toml").write_text(RESTART % '"3h"')
        assert "egress.allow" in "".join(hang_up(engine))
        (tmp_path / "e.json").write_text(lines(paid(2)))
        assert process("emit", "e.json").code == 0
        until_dead(process)
        assert server.call_count == 2


def until_dead(process: Fqlc) -> None:
    for _ in range(50):
        if found := process("dlq", "list", "--format", "json").lines:
            assert "127.0.0.1" in str(found[0]["reason"])
            return
    pytest.fail("no dead letter")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockWebhookServer]:
    """A receiver that the environment names, so that no compile judges its address."""
    with MockWebhookServer() as receiver:
        monkeypatch.setenv("RECEIVER", receiver.url)
        yield receiver
