"""A program reads nothing but sources of its project: it may be written by anybody."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import fqlc as compiler
from tests.cli_compiler.conftest import Command

SECRET = "canary-7f3a entity"
"""What must never be shown: it is also no program, so that an excerpt of it would be printed."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links, pipes and devices differ")


@pytest.fixture
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder beside the project, with a secret under several names."""
    folder = tmp_path_factory.mktemp("outside")
    for name in ("secret.txt", "secret.fql"):
        (folder / name).write_text(SECRET)
    return folder


def _device(_: Path) -> str:
    return "/dev/zero"


def _device_by_link(outside: Path) -> str:
    Path("zero.fql").symlink_to("/dev/zero")
    return "zero.fql"


def _pipe(_: Path) -> str:
    os.mkfifo("pipe.fql")
    return "pipe.fql"


def _socket(_: Path) -> str:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket.fql")
    return "socket.fql"


def _link(outside: Path) -> str:
    Path("link.fql").symlink_to(outside / "secret.txt")
    return "link.fql"


def _link_to_source(outside: Path) -> str:
    Path("link.fql").symlink_to(outside / "secret.fql")
    return "link.fql"


def _link_within(_: Path) -> str:
    """Inside the project, but of a file that is not called *.fql."""
    Path(".env").write_text(SECRET)
    Path("link.fql").symlink_to(".env")
    return "link.fql"


def _folder_link(outside: Path) -> str:
    Path("parts").symlink_to(outside)
    return "parts/secret.fql"


def _absolute(outside: Path) -> str:
    return str(outside / "secret.fql")


def _upwards(outside: Path) -> str:
    return os.path.relpath(outside / "secret.fql")


def _other_kind(outside: Path) -> str:
    return os.path.relpath(outside / "secret.txt")


def _own_other_kind(_: Path) -> str:
    Path("secret.env").write_text(SECRET)
    return "secret.env"


def _no_name(_: Path) -> str:
    return "a\\u{0}.fql"


def _long_name(_: Path) -> str:
    return "a" * 5000 + ".fql"


WAYS = (
    _device, _device_by_link, _pipe, _socket, _link, _link_to_source, _link_within, _folder_link,
    _absolute, _upwards, _other_kind, _own_other_kind, _no_name, _long_name,
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
def test_an_import_reads_sources_of_the_project_only(
    fqlc: Command, shop: Path, outside: Path, way: Callable[[Path], str], form: str
) -> None:
    (shop / "main.fql").write_text(f'import "{way(outside)}"\nenum E {{ a }}\n')
    ran = fqlc("check", "--format", form, "main.fql")
    assert ran.code == 1
    assert "FQL111" in ran.out + ran.err
    assert "FQL901" not in ran.out + ran.err
    assert "canary" not in ran.out + ran.err


@pytest.mark.parametrize("way", WAYS)
def test_the_python_api_reads_no_more(
    fqlc: Command, shop: Path, outside: Path, way: Callable[[Path], str]
) -> None:
    (shop / "main.fql").write_text(f'import "{way(outside)}"\nenum E {{ a }}\n')
    found = compiler.check_paths(["main.fql"])
    assert [d.code for d in found if d.code != "FQL207"] == ["FQL111"]


@pytest.mark.parametrize("way", [w for w in WAYS if w not in {_device, _no_name, _long_name}])
@pytest.mark.parametrize("command", ["check", "compile", "fmt", "list", "test", "graph", "explain"])
def test_a_source_found_in_the_project_is_no_way_out(
    fqlc: Command, shop: Path, outside: Path, way: Callable[[Path], str], command: str
) -> None:
    """By itself such a file is an error or no source, and nothing of it is shown."""
    way(outside)
    ran = fqlc(command, ".")
    assert "canary" not in ran.out + ran.err
    assert "FQL901" not in ran.out + ran.err
    assert ran.code in {0, 1}


@pytest.mark.parametrize("way", [_device, _pipe, _socket, _link, _other_kind, _own_other_kind])
def test_a_source_that_is_named_is_a_regular_file(
    fqlc: Command, shop: Path, outside: Path, way: Callable[[Path], str]
) -> None:
    ran = fqlc("check", way(outside))
    assert ran.code == 1
    assert "canary" not in ran.out + ran.err
    assert "FQL901" not in ran.out + ran.err


def test_sources_elsewhere_that_are_named_import_from_their_own_folder(
    fqlc: Command, shop: Path, outside: Path
) -> None:
    (outside / "main.fql").write_text('import "shared.fql"\nentity A { id: ID @key, e: E }\n')
    (outside / "shared.fql").write_text("enum E { a }\n")
    assert fqlc("check", str(outside / "main.fql")).code == 0
    found = compiler.check_paths([outside / "main.fql"])
    assert {d.code for d in found} <= {"FQL207"}


def test_the_settings_file_is_the_top_of_the_project(
    fqlc: Command, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shop / "fql.toml").write_text("")
    (shop / "shared.fql").write_text("enum E { a }\n")
    (shop / "deep").mkdir()
    (shop / "deep" / "main.fql").write_text('import "../shared.fql"\nlet a = 1\n')
    monkeypatch.chdir(shop / "deep")
    assert fqlc("check", "main.fql").code == 0
    (shop / "fql.toml").unlink()
    assert fqlc("check", "main.fql").code == 1


@pytest.mark.parametrize("path", ["/etc", "..", "a/../../b", "~", "C:/x", "\\\\server\\share"])
@pytest.mark.parametrize("command", ["check", "run"])
def test_the_settings_name_files_of_the_project_only(
    fqlc: Command, shop: Path, path: str, command: str
) -> None:
    (shop / "fql.toml").write_text(f"[project]\nfiles = [{path!r}]\n")
    ran = fqlc(command)
    assert "leads outside the project" in ran.err
    assert ran.code in {1, 2, 3}


@pytest.mark.parametrize("make", [_device_by_link, _pipe])
def test_a_settings_file_or_plan_that_never_ends(
    fqlc: Command, shop: Path, outside: Path, make: Callable[[Path], str]
) -> None:
    made = Path(make(outside))
    for command in ("check", "run", "doctor"):
        ran = fqlc(command, "--settings", str(made), "shop.fql")
        assert "device or a pipe" in ran.err
    plan = made.rename("x.json")
    for command in ("run", "list", "explain"):
        ran = fqlc(command, str(plan))
        assert "device or a pipe" in ran.err
        assert ran.code == 3


def test_a_source_of_any_size_costs_no_memory(fqlc: Command, shop: Path) -> None:
    """Thirty gigabytes that take no place on the disk."""
    with Path("huge.fql").open("wb") as file:
        file.truncate(30_000_000_000)
    ran = fqlc("check", "huge.fql")
    assert ran.code == 1
    assert "`huge.fql` is too large: it has more than 5,000,000 bytes" in ran.err + ran.out
