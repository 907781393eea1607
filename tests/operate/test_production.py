"""`fqlc doctor --production`: each error and each warning, and nothing where all is well."""

from __future__ import annotations

from pathlib import Path

import pytest

from fql.cli.operating import production as p
from fql.cli.project import Project
from fql.settings.reading import read_settings
from fql.store.opening import Place
from fql.testing import MockWebhookServer
from fql.version import VERSION
from tests.observe.support import plan_of
from tests.operate.shop import Shop

GOOD = """
[store]
max_size = "1GB"
[sources.shop]
kind = "sqlite"
database = "shop.db"
[observability.prometheus]
"""
NOW = 1_772_400_000_000
FILE = Path("/var/lib/fql/fql.db")
MOUNTS = "/dev/sda1 / ext4 rw 0 0\n"
WELL = p.Machine(NOW, MOUNTS, 0o600, 10**12, NOW - p.HOUR, 0.5, "35")


def levels(found: object) -> list[tuple[str, str]]:
    return [(one.subject, one.level) for one in found]  # type: ignore[attr-defined]


def test_nothing_is_said_where_all_is_well() -> None:
    settings = read_settings(GOOD)
    assert levels(p._of_settings(settings, plan_of())) == []
    assert levels(p._of_machine(settings, WELL)) == []
    (disk,) = p._of_store(FILE, WELL)
    assert (disk.level, "5,000 deliveries per second" in disk.message) == ("ok", True)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("[sources.shop]\nkind = \"sqlite\"\ndatabase = \"shop.db\"\n", ""),
         ("sources", "problem")),
        (("[store]", '[webhooks]\ntest_url = "http://x"\n[store]'), ("test_url", "problem")),
        (("[store]", '[ui]\nlisten = "0.0.0.0:8787"\npayloads = "all"\n[store]'),
         ("page", "problem")),
        (("[observability.prometheus]\n", ""), ("metrics", "warning")),
        (("[store]", '[observability.logging]\nlevel = "debug"\n[store]'), ("logs", "warning")),
    ],
)  # fmt: skip
def test_settings_that_would_not_do(change: tuple[str, str], expected: tuple[str, str]) -> None:
    settings = read_settings(GOOD.replace(*change))
    assert levels(p._of_settings(settings, plan_of())) == [expected]


def test_a_plan_of_a_newer_compiler() -> None:
    newer = plan_of().model_copy(update={"compiler": "999.0.0"})
    assert levels(p._of_settings(read_settings(GOOD), newer)) == [("plan", "problem")]
    assert not p._newer(VERSION)


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        ({"mounts": "tmpfs /var/lib tmpfs rw 0 0\n"}, ("store", "problem")),
        ({"mounts": "overlay / overlay rw 0 0\n"}, ("store", "problem")),
        ({"mode": 0o644}, ("store", "problem")),
        ({"backup": None}, ("backup", "warning")),
        ({"backup": NOW - 27 * p.HOUR}, ("backup", "warning")),
        ({"sync_ms": 60.0}, ("disk", "warning")),
        ({"stop_seconds": "10"}, ("drain", "warning")),
        ({"free": 10**8}, ("disk", "warning")),
    ],
)
def test_machines_that_would_not_do(machine: dict[str, object], expected: tuple[str, str]) -> None:
    known = {name: getattr(WELL, name) for name in p.Machine.__slots__}
    other = p.Machine(**known | machine)
    found = [*p._of_store(FILE, other), *p._of_machine(read_settings(GOOD), other)]
    assert [one for one in levels(found) if one[1] != "ok"] == [expected]


def test_secrets_of_the_environment_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECEIVER", "https://secret.example.com")
    (found,) = p._of_secrets(Project(read_settings(GOOD)), plan_of())
    assert (found.level, "RECEIVER" in found.message) == ("warning", True)
    assert "secret.example.com" not in found.message


def test_the_command_measures_and_counts(tmp_path: Path, webhook_server: MockWebhookServer) -> None:
    shop = Shop(tmp_path, webhook_server)
    shop.order(1)
    shop.finish()
    arguments = ("doctor", "--offline", "--production", "plan.json")
    done = shop.fqlc(*arguments)
    assert "deliveries per second" in done.out
    assert "backup: there was no backup" in done.out
    machine = p.machine_of(Place(f"sqlite:///{tmp_path}/fql.db"), {"FQL_STOP_SECONDS": "35"})
    assert machine.sync_ms is not None
    assert machine.mode == 0o600
    strict = shop.fqlc(*arguments, "--strict")
    assert strict.code == 1
    assert shop.fqlc("doctor", "--strict").code == 2
    assert not list(tmp_path.glob(".fql-sync-*"))
