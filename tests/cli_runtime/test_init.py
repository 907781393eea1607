"""`fqlc init` writes a project and never overwrites one."""

from __future__ import annotations

from pathlib import Path

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
    assert done.code == 2
    assert "cannot be written" in done.err
