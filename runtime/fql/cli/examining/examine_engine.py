"""The talk of `fqlc doctor` with a running engine: its health on the metrics port."""

from __future__ import annotations

import asyncio

from fql.cli.asking import ask, shards_words
from fql.cli.examining.finding import Finding, in_words
from fql.cli.glance import page_of
from fql.client import open_client
from fql.errors import FqlError, SettingsError
from fql.observe.watch import require_prometheus
from fql.settings.model import Prometheus
from fql.store.opening import Place, require_store
from fql.store.sharing.holding import Holding


def engines(place: Place) -> list[Finding]:
    """Which engines are live on a store that several may use, and what each has of it."""
    if place.database.kind != "postgresql":
        return []
    try:
        require_store(place)
        holdings = asyncio.run(_holdings(place))
    except FqlError:  # the store has its own finding
        return []
    return [
        Finding("engine", "ok" if one.left > 0 else "warning", shards_words(one))
        for one in holdings
    ]


async def _holdings(place: Place) -> list[Holding]:
    async with open_client(place.url, schema=place.schema) as client:
        return await client.holdings()


def metrics(settings: Prometheus | None) -> list[Finding]:
    """Does the engine that these settings describe say that it is ready? Nothing is asked where
    the port is switched off."""
    if settings is None or not settings.enabled:
        return []
    try:
        require_prometheus()
    except SettingsError as problem:
        return [Finding("engine", "problem", in_words(problem))]
    if not settings.port:
        return []
    url = page_of(settings, "ready")
    answer = ask(url)
    if answer is None:
        return [Finding("engine", "warning", f"nobody answers at {url}; is `fqlc run` running?")]
    if answer.is_success:
        return [Finding("engine", "ok", f"the engine at {url} is ready")]
    return [Finding("engine", "problem", f"the engine at {url} is not ready: {answer.text[:200]}")]
