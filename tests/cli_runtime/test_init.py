"""`fqlc init` writes a project and never overwrites one."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli_runtime.conftest import Fqlc

from fql.cli.init import FILES
from fql.settings.reading import read_settings


def test_new_folder_with_all_files_and_the_next_commands(tmp_path: Path, fqlc: Fqlc) -> None:
    done = fqlc("init", "shop")
    assert done.code == 0
    assert sorted(p.name for p in (tmp_path / "shop").iterdir()) == sorted(FILES)
    assert [line.strip() for line in done.out.splitlines()] == [
        "Next:",
        "cd shop",
        "fqlc check",
        "python3 receiver.py &",
        "fqlc run --events events.jsonl --until-idle",
    ]
    read_settings((tmp_path / "shop" / "fql.toml").read_text())
    compile((tmp_path / "shop" / "receiver.py").read_text(), "receiver.py", "exec")


def test_nothing_is_overwritten(tmp_path: Path, fqlc: Fqlc) -> None:
    (tmp_path / "fql.toml").write_text("# mine")
    done = fqlc("init")
    assert done.code == 2
    assert "fql.toml exists already and is not overwritten" in done.err
    assert [p.name for p in tmp_path.iterdir()] == ["fql.toml"]
    assert (tmp_path / "fql.toml").read_text() == "# mine"


def test_folder_that_cannot_be_made(tmp_path: Path, fqlc: Fqlc) -> None:
    (tmp_path / "file").write_text("")
    done = fqlc("init", "file/below")
    assert done.code == 3
    assert "cannot be written" in done.err
    assert "a part of the path is a file" in done.err


def test_the_next_commands_can_be_copied(fqlc: Fqlc) -> None:
    assert "  cd 'my shop'\n" in fqlc("init", "my shop").out
    again = fqlc("init", "my shop")
    assert (again.code, "choose a new folder: fqlc init shop" in again.err) == (2, True)
    assert fqlc("init", "shop").code == 0
    assert "choose a new folder: fqlc init shop2" in fqlc("init", "shop").err


def test_half_a_project_is_not_left(
    tmp_path: Path, fqlc: Fqlc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next try would be refused because of it."""
    (tmp_path / "shop" / "receiver.py").mkdir(parents=True)
    monkeypatch.setattr("fql.cli.init._refuse_taken", lambda _: None)
    done = fqlc("init", "shop")
    assert (done.code, "that is a folder" in done.err) == (3, True)
    assert [path.name for path in (tmp_path / "shop").iterdir()] == ["receiver.py"]
