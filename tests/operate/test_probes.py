"""`fqlc health`, and a Runtime that is given the path of its settings."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from fql import Runtime, blocking
from fql.errors import SettingsError, UsageError
from fql.observe.events import Lifecycle, PlanSwitched
from fql.testing import MockWebhookServer
from tests.cli_runtime.conftest import Fqlc, fqlc
from tests.observe.support import plan_of

__all__ = ["fqlc"]
SETTINGS = '[store]\nurl = "sqlite:///fql.db"\n[observability.prometheus]\nport = %d\n'


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_health_is_0_or_1(tmp_path: Path, fqlc: Fqlc, webhook_server: MockWebhookServer) -> None:
    assert fqlc("health").code == 1, "nothing is configured"
    (tmp_path / "fql.toml").write_text("[store]\nurl = 7\n")
    assert (fqlc("health").code, fqlc("health", "--ready").code) == (1, 1)
    file = tmp_path / "fql.toml"
    file.write_text(SETTINGS % free_port())
    assert "nobody answers" in fqlc("health").err
    names = {"RECEIVER": webhook_server.url}
    with blocking.Runtime(plan_of(), settings=file, environment=names) as runtime:
        assert (tmp_path / "fql.db").exists(), "the path is that of the file's folder"
        assert (fqlc("health").code, fqlc("health", "--ready").code) == (0, 0)
        runtime._runtime._watched.draining = True
        assert fqlc("health").code == 0
        unready = fqlc("health", "--ready")
        assert (unready.code, "draining" in unready.err) == (1, True)


def test_settings_are_settings(tmp_path: Path) -> None:
    for wrong in (7, {"store": "memory:"}, b"fql.toml", True):
        with pytest.raises(UsageError, match="settings are wanted here"):
            Runtime(plan_of(), settings=wrong)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="cannot be read"):
        Runtime(plan_of(), settings=tmp_path / "nothing.toml")


async def test_a_plan_is_told_when_it_changes(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    heard: list[Lifecycle] = []
    names = {"RECEIVER": webhook_server.url}
    for _ in range(2):
        async with Runtime(
            plan_of(), store=f"sqlite:///{tmp_path}/fql.db", environment=names,
            listeners=(heard.append,),
        ) as runtime:  # fmt: skip
            await runtime.reload(plan_of())
    assert len([one for one in heard if isinstance(one, PlanSwitched)]) == 1
