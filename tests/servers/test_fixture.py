"""Which server the tests are given, and what is said where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers import fixture, postgresql, programs
from tests.servers.databases import OWN, Databases
from tests.servers.programs import NAMED, ServerFailed, ServerMissing
from tests.servers.test_postgresql import value


def test_a_server_of_your_own_is_used_instead(
    postgresql_server: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OWN, postgresql_server.admin)
    with fixture.ready() as yours:
        assert not isinstance(yours, postgresql.Server)
        with yours.database() as url:
            assert value(url, "SELECT 1") == 1
    with (
        postgresql_server.role() as role,
        pytest.raises(ServerFailed, match="may not create databases"),
    ):
        monkeypatch.setenv(OWN, role.url(postgresql_server.admin))
        with fixture.ready():
            pass


def test_a_server_of_your_own_that_does_not_answer_is_no_reason_to_skip(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(OWN, "postgresql://127.0.0.1:1/shop")
    with pytest.raises(ServerFailed, match=OWN), fixture.ready():
        pass


def test_the_folder_that_is_named_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    found = programs.find()
    monkeypatch.setenv(NAMED, str(found))
    monkeypatch.setattr(programs, "WHEELS", ())
    assert programs.find() == found
    assert programs.find(programs.version(found)) == found


def test_a_named_folder_without_a_server_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(NAMED, str(tmp_path))
    with pytest.raises(ServerFailed, match=str(tmp_path)):
        programs.find()


def test_without_a_server_the_tests_are_skipped_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(NAMED, raising=False)
    monkeypatch.delenv(OWN, raising=False)
    monkeypatch.setattr(programs, "WHEELS", ())
    monkeypatch.setattr(programs, "SYSTEM", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerMissing, match=f"no PostgreSQL: .* {NAMED}"):
        programs.find()
    with pytest.raises(pytest.skip.Exception, match=f"no PostgreSQL: .* {NAMED}"), fixture.ready():
        pass


def test_the_oldest_server_is_16(postgresql_16_server: Databases) -> None:
    with postgresql_16_server.database() as url:
        assert str(value(url, "SHOW server_version")).startswith("16.")
