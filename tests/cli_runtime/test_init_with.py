"""`fqlc init --with` adds files to a project, and never writes over one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from tests.cli_runtime.conftest import Fqlc
from tests.deploy.files import ROOT, stored

from fql.cli.additions import ADDITIONS, files_of, text_of
from fql.cli.init import FILES

EVERY = ",".join(ADDITIONS)


def files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_a_project_gets_the_files_and_nothing_else(tmp_path: Path, fqlc: Fqlc) -> None:
    (tmp_path / "mine.fql").write_text("# mine\n")
    (tmp_path / "Procfile").write_text("web: gunicorn app\n")
    done = fqlc("init", "--with", EVERY)
    assert (done.code, done.out) == (0, "")
    assert "Procfile is there already and is kept as it is" in done.err
    assert (tmp_path / "Procfile").read_text() == "web: gunicorn app\n"
    added = files_of(list(ADDITIONS))
    assert files(tmp_path) == {one.place for one in added} | {"mine.fql"}
    for one in added:
        if one.place != "Procfile":
            assert (tmp_path / one.place).read_text() == text_of(one)
    again = fqlc("init", "--with", EVERY)
    assert again.code == 0
    assert again.err.count("is kept as it is") == len(added)


def test_a_new_folder_gets_a_project_as_well(tmp_path: Path, fqlc: Fqlc) -> None:
    done = fqlc("init", "--with", "procfile", "shop")
    assert done.code == 0, done.err
    assert files(tmp_path / "shop") == {*FILES, "Procfile"}
    assert "fqlc check" in done.out


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("sytemd", "did you mean `systemd`?"),
        ("docker,heroku", "'heroku' is not one of systemd, docker"),
        (",", "name at least one of systemd"),
        ("Docker", "did you mean `docker`?"),
    ],
)
def test_wrong_names_write_nothing(tmp_path: Path, fqlc: Fqlc, names: str, said: str) -> None:
    done = fqlc("init", "--with", names)
    assert done.code == 2
    assert said in done.err
    assert files(tmp_path) == set()


def test_a_file_in_place_of_a_folder(tmp_path: Path, fqlc: Fqlc) -> None:
    (tmp_path / "fql.toml").write_text("")
    (tmp_path / "deploy").write_text("")
    done = fqlc("init", "--with", "systemd")
    assert done.code == 3
    assert "deploy/fql.service cannot be written" in done.err


PIN = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


def test_the_lock_is_that_of_the_runtime() -> None:
    """The versions are those that the tests ran with; what only tests need is not there."""
    ours = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins, tested = set(PIN.findall(stored("requirements.lock"))), set(PIN.findall(ours))
    assert pins <= tested, "run `make lock`"
    names = {name for name, _ in pins}
    assert {"click", "psycopg", "prometheus-client", "uvloop"} <= names
    assert not {"pytest", "ruff", "django", "hypothesis"} & names
    assert not re.search(
        r"https?://|--(extra-)?index-url|--find-links", stored("requirements.lock")
    )


def test_nothing_is_missing_in_the_lock() -> None:
    """It is installed without resolving anything."""
    from importlib.metadata import requires

    pins = {name for name, _ in PIN.findall(stored("requirements.lock"))}
    extras = ("", "server", "ui", "postgres", "nats", "uvloop")
    seen: set[tuple[str, tuple[str, ...]]] = set()
    left: list[tuple[str, tuple[str, ...]]] = [("fqlc", extras)]
    while left:
        name, wanted = left.pop()
        for text in requires(name) or ():
            one = Requirement(text)
            if one.marker and not any(one.marker.evaluate({"extra": e}) for e in wanted):
                continue
            plain = one.name.lower().replace("_", "-")
            assert plain in pins, f"{plain}, which {name} needs: run `make lock`"
            found = (plain, ("", *sorted(one.extras)))
            if found not in seen:
                seen.add(found)
                left.append(found)
