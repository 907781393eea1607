"""Runtimes with metrics, and what a scraper reads from their port."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from fql.app import Runtime
from fql.observe import scrapes
from fql.plan.model import Plan
from fql.plan.stored.codec import read_plan
from fql.settings.model import Settings
from fql.settings.reading import read_settings
from fql.store.port import Store
from fql.testing import MockWebhookServer
from fqlc import compile_text

SOURCE = """
entity Order {
  id: ID @key
  status: String
  total: Decimal
}
endpoint shop { url: "${RECEIVER}"  timeout: 2s  circuit: { failures: 1000 } }
retry quick { max_attempts: 3, backoff: fixed, initial_delay: 20ms, jitter: none }
observer placed {
  on: Order.insert
  retry: quick
  webhook tell { endpoint: shop  path: "/orders"  body: { id, status, total } }
}
observer changed {
  on: Order.update
  retry: quick
  webhook first { endpoint: shop  path: "/first"  body: { id } }
  webhook second { endpoint: shop  path: "/second"  body: { id } }
}
"""
METRICS = """
[observability.prometheus]
host = "127.0.0.1"
port = 0
"""


def plan_of(text: str = SOURCE) -> Plan:
    compilation = compile_text(text)
    assert compilation.plan is not None, compilation.diagnostics
    return read_plan(compilation.plan)


def settings_of(text: str = METRICS) -> Settings:
    """Settings with loopback allowed."""
    return read_settings('[egress]\nallow = ["127.0.0.0/8"]\n' + text, "fql.toml")


def runtime(
    server: MockWebhookServer, *, text: str = SOURCE, settings: str = METRICS,
    store: str | Store = "memory:", environment: Mapping[str, str] | None = None,
    **options: object,
) -> Runtime:  # fmt: skip
    return Runtime(
        plan_of(text),
        store=store,
        settings=settings_of(settings),
        environment={"RECEIVER": server.url, **(environment or {})},
        **options,  # type: ignore[arg-type]
    )


def sqlite(folder: Path) -> str:
    return f"sqlite:///{folder / 'fql.db'}"


def order(number: int | str, **changes: object) -> dict[str, object]:
    return {"id": f"o{number}", "status": "new", "total": "100.50", **changes}


@dataclass(frozen=True)
class Sample:
    """One series at one moment."""

    name: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class Scrape:
    """What one scrape gave."""

    samples: Sequence[Sample]

    def value(self, name: str, /, **labels: str) -> float:
        """The sum of the series of this name with these labels; there must be one."""
        found = [
            sample.value
            for sample in self.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        assert found, f"no series {name} {labels}"
        return sum(found)

    def names(self) -> set[str]:
        return {sample.name for sample in self.samples}


def read(port: int, path: str = "/metrics", **headers: str) -> tuple[int, str, str]:
    """Status, content type and body of a page. Blocks."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.headers["Content-Type"], refused.read().decode()


def parsed(text: str) -> Scrape:
    families = text_string_to_metric_families(text)
    return Scrape([Sample(s.name, s.labels, s.value) for f in families for s in f.samples])


async def scrape(running: Runtime) -> Scrape:
    """Scrape the port of a runtime, as Prometheus does; the next scrape is a new reading too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scrapes, "FRESH", 0.0)
        status, _, body = await asyncio.to_thread(read, running.metrics_port)
    assert status == 200, body
    return parsed(body)


async def page(running: Runtime, path: str) -> tuple[int, dict[str, object]]:
    """A page of JSON."""
    status, _, body = await asyncio.to_thread(read, running.metrics_port, path)
    return status, orjson.loads(body)
