"""What holds for all tests: they leave the caches of whoever runs them alone."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.servers.databases import Databases
from tests.servers.fixture import nats_ready, ready
from tests.servers.programs import MAJOR


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long runs are for `make soak`, which asks for them by their marker. Where a version of
    PostgreSQL is named (`make oracles`), only what meets PostgreSQL runs."""
    named = bool(os.environ.get(MAJOR))
    long = "soak" in config.option.markexpr
    wanted = [item for item in items if (long or not _is_long(item)) and _is_meant(item, named)]
    left_out = set(items) - set(wanted)
    if left_out:
        config.hook.pytest_deselected(items=[item for item in items if item in left_out])
        items[:] = wanted


def _is_long(item: pytest.Item) -> bool:
    return item.get_closest_marker("soak") is not None


def _is_meant(item: pytest.Item, named: bool) -> bool:
    uses: list[str] = getattr(item, "fixturenames", [])
    return not named or "postgresql" in item.nodeid or "postgresql_server" in uses


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what was skipped and why; each reason names what the machine lacks."""
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    )
    if reasons:
        told = "; ".join(f"{count} ({reason})" for reason, count in reasons.most_common())
        terminalreporter.write_line(f"not run here: {told}")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Caches for this run only, of compiles and of bytecode, for this process and those that it
    starts. Without one of bytecode, as some images have it, a start of Python costs three times as
    much, and the tests start hundreds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FQLC_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        if os.environ.get("PYTHONDONTWRITEBYTECODE"):
            patch.delenv("PYTHONDONTWRITEBYTECODE")
            patch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path_factory.mktemp("bytecode")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _own_interrupt() -> None:
    """Who starts the tests with `&` has them ignore Ctrl-C, and so would every process that they
    start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Databases]:
    """A PostgreSQL server for all tests that ask for one: yours, where `FQL_POSTGRES_URL` names
    one, or else ours, started at the first use."""
    with ready() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_16_server() -> Iterator[Databases]:
    """The oldest PostgreSQL that is tested, for what may differ there."""
    with ready(16) as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql_server: Databases) -> Iterator[str]:
    """The url of an empty database of the test's own."""
    with postgresql_server.database() as url:
        yield url


@pytest.fixture(scope="session")
def nats_url() -> Iterator[str]:
    """The url of a NATS server for all tests that ask for one: yours, where `FQL_NATS_URL` names
    one, or else ours. Names of streams come from `tests.servers.nats.fresh`."""
    with nats_ready() as url:
        yield url


@pytest.fixture
def postgresql_16_url(postgresql_16_server: Databases) -> Iterator[str]:
    """The same on the oldest server that is tested."""
    with postgresql_16_server.database() as url:
        yield url


# Plain runs draw the same examples each time, so that a red run says something about the change.
settings.register_profile(
    "seeded", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("seeded")
