"""Every call of the engine, and of what renders, reads and answers, can be struck."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.bulkheads.strikes import Strikes, instrumented

PACKAGES = (
    "fql.engine.core", "fql.engine.loop", "fql.engine.process", "fql.actions", "fql.intake",
    "fql.events", "fql.expressions", "fql.exact", "fql.store.works", "fql.outbox.sqlite.lookout",
    "fql.outbox.sqlite.rows",
)  # fmt: skip
PAUSES = (
    "loop.session.TROUBLE_PAUSE", "process.keeping.PAUSE",
    "process.arrivals.feeds.TROUBLE_PAUSE",
    "process.arrivals.inbox.LONGEST_WAIT",
)  # fmt: skip
"""Where the product waits a second before it tries again."""


@pytest.fixture(scope="package")
def strikes() -> Iterator[Strikes]:
    with instrumented(*PACKAGES) as found:
        yield found


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses."""
    for pause in PAUSES:
        monkeypatch.setattr(f"fql.engine.{pause}", 0.003)


@pytest.fixture
def swift(monkeypatch: pytest.MonkeyPatch) -> None:
    """No words about thousands of faults."""
    monkeypatch.setattr(logging.getLogger("fql"), "disabled", True)
    for name in list(logging.root.manager.loggerDict):
        if name.startswith("fql."):
            monkeypatch.setattr(logging.getLogger(name), "disabled", True)
