"""Each key of `[observability]` has its effect."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fql.errors import SettingsError
from fql.testing import MockWebhookServer
from tests.observe.support import order, parsed, read, runtime, scrape, sqlite


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that something else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


async def test_metrics_are_off_without_their_table(webhook_server: MockWebhookServer) -> None:
    for text in ("", "[observability.prometheus]\nenabled = false\nport = 0\n"):
        async with runtime(webhook_server, settings=text) as running:
            assert running.metrics_port == 0


async def test_metrics_are_served_at_host_and_port(webhook_server: MockWebhookServer) -> None:
    with socket.create_server(("127.0.0.2", 0)) as free:
        port = free.getsockname()[1]
    text = f'[observability.prometheus]\nhost = "127.0.0.2"\nport = {port}\n'
    async with runtime(webhook_server, settings=text) as running:
        assert running.metrics_port == port
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=1)
        socket.create_connection(("127.0.0.2", port), timeout=1).close()


async def test_only_this_machine_can_ask_by_default(webhook_server: MockWebhookServer) -> None:
    """127.0.0.2 stands for the address by which a container or a network asks."""
    async with runtime(
        webhook_server, settings="[observability.prometheus]\nport = 0\n"
    ) as running:
        with socket.create_connection(("127.0.0.1", running.metrics_port), 5):
            pass
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", running.metrics_port), 5)


async def test_namespace_is_the_prefix_of_every_series(webhook_server: MockWebhookServer) -> None:
    text = '[observability.prometheus]\nhost = "127.0.0.1"\nport = 0\nnamespace = "fraiseql"\n'
    async with runtime(webhook_server, settings=text) as running:
        names = (await scrape(running)).names()
    assert "fraiseql_webhook_total" in names
    assert all(name.startswith("fraiseql_") for name in names)


async def test_traces_are_off_without_their_table(webhook_server: MockWebhookServer) -> None:
    """Without the table a receiver gets no `traceparent` that the event did not bring."""
    async with runtime(webhook_server, settings="") as running:
        await running.emit("Order.insert", new=order(1))
        await running.until_idle(30)
    assert "traceparent" not in webhook_server.requests[0].headers


async def test_port_that_is_taken_is_one_clear_error(
    webhook_server: MockWebhookServer, taken: int, tmp_path: Path
) -> None:
    """The runtime does not start, and lets the store go."""
    text = f'[observability.prometheus]\nhost = "127.0.0.1"\nport = {taken}\n'
    with pytest.raises(SettingsError, match=f"127.0.0.1:{taken}") as caught:
        async with runtime(webhook_server, settings=text, store=sqlite(tmp_path)):
            pass
    assert "port" in caught.value.hint
    async with runtime(webhook_server, settings="", store=sqlite(tmp_path)) as running:
        assert running.engine


@pytest.mark.parametrize(
    ("table", "module", "extra"),
    [
        ("prometheus", "prometheus_client", "fqlc[server]"),
        ("tracing", "opentelemetry", "fqlc[otel]"),
    ],
)
async def test_missing_extra_is_one_line_and_a_hint(
    webhook_server: MockWebhookServer, monkeypatch: pytest.MonkeyPatch,
    table: str, module: str, extra: str,
) -> None:  # fmt: skip
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "fql.observe.tracing", raising=False)
    monkeypatch.delattr("fql.observe.tracing", raising=False)
    with pytest.raises(SettingsError, match=table) as caught:
        async with runtime(webhook_server, settings=f"[observability.{table}]\n"):
            pass
    assert extra in caught.value.hint
    assert "\n" not in caught.value.message


def test_extras_are_imported_on_first_use() -> None:
    """`import fql.app` needs neither."""
    code = (
        "import sys, fql.app, fql.observe.watch;"
        "print([n for n in ('prometheus_client', 'opentelemetry') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


async def test_openmetrics_where_the_scraper_asks_for_it(webhook_server: MockWebhookServer) -> None:
    async with runtime(webhook_server) as running:
        accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
        status, kind, body = await asyncio.to_thread(read, running.metrics_port, **accept)
    assert status == 200
    assert kind.startswith("application/openmetrics-text")
    assert body.endswith("# EOF\n")
    assert parsed(body.replace("# EOF\n", "")).names()
