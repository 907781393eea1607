"""The cache of compiles: what it answers is what the compiler would answer."""

from __future__ import annotations

import hashlib
import hmac
import os
import random
from pathlib import Path
from typing import Any

import pytest

from fql.terminal.environment import cache_folder
from fqlc.incremental.compile import Assembled, compile_parts
from fqlc.incremental.layout import Layout
from fqlc.project import cache as cache_module
from fqlc.project.cache import MOST_ENTRIES, Cache, Compiled, Recorder, maker
from tests.cli_compiler.conftest import SHOP, Command


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the cache."""
    place = tmp_path / "kept"
    monkeypatch.setenv("FQLC_CACHE_DIR", str(place))
    return place


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any compile is a fault."""

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("the compiler ran")

    import fqlc.pipeline

    monkeypatch.setattr(fqlc.pipeline, "check_project", fail)


EDITS = (
    ("total > 100", "total > 200"),
    ("total > 200", "totl > 200"),
    ("{ id, total }", "{ id, total, status }"),
    ("# note", "# another"),
    ('import "other.fql"\n', ""),
    ("status: String", "status: Strin"),
    ("let unused = 1", "let unused = 2"),
)
"""Changes with and without errors, warnings and effect; each is made or unmade at random."""


@pytest.mark.parametrize("seed", range(6))
def test_cached_and_cold_say_the_same_after_any_edits(
    fqlc: Command, shop: Path, folder: Path, seed: int
) -> None:
    chance = random.Random(seed)
    main, other = shop / "shop.fql", shop / "other.fql"
    main.write_text('import "other.fql"\n# note\n' + SHOP)
    other.write_text("let unused = 1\nenum Level { low, high }\n")
    for _ in range(6):
        for file in (main, other):
            old, new = chance.choice(EDITS)
            before, after = (old, new) if chance.random() < 0.7 else (new or old, old)
            file.write_text(file.read_text().replace(before, after, 1))
        for command in (["compile"], ["check", "--format", "json"], ["check"]):
            kept = [fqlc(*command, "shop.fql") for _ in range(2)]
            cold = fqlc(*command, "--no-cache", "shop.fql")
            assert kept == [cold, cold]
    assert list(folder.glob("[0-9a-f]*"))


@pytest.mark.usefixtures("folder")
def test_nothing_changed_needs_no_compiler(fqlc: Command, request: pytest.FixtureRequest) -> None:
    first = fqlc("compile", ".")
    request.getfixturevalue("no_compiler")
    assert fqlc("compile", ".") == first
    assert fqlc("check", ".").code == 0
    assert fqlc("compile", "--no-cache", ".").code == 3


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("file", ["shop.fql", "new.fql", "fql.toml"])
def test_any_change_of_what_was_read_counts(fqlc: Command, shop: Path, file: str) -> None:
    (shop / "shop.fql").write_text('import "new.fql"\n' + SHOP)
    (shop / "fql.toml").write_text("[webhooks]\n")
    assert fqlc("compile", ".").code == 1
    (shop / "new.fql").write_text("let a = 1\n")
    first = fqlc("compile", ".")
    assert first.code == 0
    text = (
        '[webhooks]\ntimeout = "9s"\n' if file == "fql.toml" else f"# {(shop / file).read_text()}"
    )
    (shop / file).write_text(text)
    assert fqlc("compile", ".").out != first.out


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"\xff\n{}\n", None])
def test_a_damaged_entry_is_no_entry(fqlc: Command, folder: Path, damage: bytes | None) -> None:
    first = fqlc("compile", ".")
    (entry,) = folder.glob("[0-9a-f]*")
    entry.write_bytes(entry.read_bytes()[:-5] if damage is None else damage)
    assert fqlc("compile", ".") == first


def test_a_folder_that_cannot_be_written_does_no_harm(
    fqlc: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FQLC_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "fqlc").write_text("a file in the way")
    assert fqlc("compile", ".").code == 0


def test_an_entry_of_another_compiler_does_not_count(tmp_path: Path) -> None:
    recorder = Recorder({"a.fql": b"let a = 1"}.get)
    recorder.read("a.fql")
    Cache(tmp_path, "one").save(["a.fql"], recorder, Compiled(b"{}", (), {}))
    assert Cache(tmp_path, "one").load(["a.fql"], recorder.read, plan=True) is not None
    assert Cache(tmp_path, "two").load(["a.fql"], recorder.read, plan=True) is None


def test_the_name_of_a_compiler_changes_with_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deep").mkdir()
    code = tmp_path / "deep" / "module.py"
    code.write_text("a = 1")
    monkeypatch.setattr(cache_module, "_packages", lambda: [str(tmp_path)])
    first = maker("1")
    assert maker("1") == first != maker("2")
    code.write_text("a = 10")
    assert maker("1") != first


def test_old_entries_go(tmp_path: Path) -> None:
    cache = Cache(tmp_path, "one")
    for n in range(MOST_ENTRIES + 5):
        cache.save([str(n)], Recorder(lambda _: None), Compiled(b"{}", (), {}))
    assert len(list(tmp_path.glob("[0-9a-f]*"))) == MOST_ENTRIES


def test_only_entries_go(tmp_path: Path) -> None:
    """Somebody may choose a folder that holds other things."""
    others = [tmp_path / f"f{n}.fql" for n in range(MOST_ENTRIES + 5)]
    for other in others:
        other.write_text("let a = 1\n")
    Cache(tmp_path, "one").save(["a"], Recorder(lambda _: None), Compiled(b"{}", (), {}))
    assert all(other.exists() for other in others)


def test_what_a_killed_process_left_goes(tmp_path: Path) -> None:
    cache = Cache(tmp_path, "one")
    left = tmp_path / f"{'0' * 64}.parts.4711"
    left.write_bytes(b"half an ent")
    os.utime(left, (1, 1))
    for n in range(MOST_ENTRIES):
        cache.save([str(n)], Recorder(lambda _: None), Compiled(b"{}", (), {}))
    assert not left.exists()


def test_an_entry_that_cannot_be_finished_leaves_nothing(tmp_path: Path) -> None:
    """As on a full disk."""
    cache = Cache(tmp_path, "one")
    cache.save(["a"], Recorder(lambda _: None), Compiled(b"{}", (), {}))
    (entry,) = tmp_path.glob("[0-9a-f]*")
    entry.unlink()
    entry.mkdir()
    (entry / "in the way").touch()
    cache.save(["a"], Recorder(lambda _: None), Compiled(b"{}", (), {}))
    assert list(tmp_path.glob("[0-9a-f]*")) == [entry]


def test_another_version_of_a_library_is_another_compiler(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = maker("1")
    installed = {*cache_module._installed(), "jinja2-99.dist-info"}
    monkeypatch.setattr(cache_module, "_installed", lambda: installed)
    assert maker("1") != first


def test_the_folder_of_each_platform() -> None:
    def home() -> Path:
        return Path("/home/me")

    assert cache_folder({"FQLC_CACHE_DIR": "x"}, "linux", home) == Path("x")
    assert cache_folder({}, "linux", home) == home() / ".cache" / "fqlc"
    assert cache_folder({"XDG_CACHE_HOME": "/c"}, "linux", home) == Path("/c/fqlc")
    assert cache_folder({}, "darwin", home) == home() / "Library" / "Caches" / "fqlc"
    assert (cache_folder({}, "win32", home) or Path()).parts[-2:] == ("fqlc", "cache")


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user of whom the machine knows nothing, as in a container."""

    def nobody(_: object) -> object:
        raise KeyError("no such user")

    for name in ("HOME", "XDG_CACHE_HOME", "FQLC_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", nobody)


@pytest.mark.usefixtures("homeless")
def test_without_a_home_nothing_is_kept(fqlc: Command) -> None:
    assert fqlc("compile", ".").code == 0


@pytest.mark.usefixtures("homeless")
def test_without_a_home_a_folder_may_be_chosen(
    fqlc: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FQLC_CACHE_DIR", str(tmp_path / "chosen"))
    assert fqlc("compile", ".").code == 0
    assert list((tmp_path / "chosen").glob("[0-9a-f]*"))


def test_settings_are_read_without_pydantic_on_a_hit(
    fqlc: Command, shop: Path, folder: Path, request: pytest.FixtureRequest
) -> None:
    """`[project] files` names the sources, so it is read each time; the rest need not be."""
    (shop / "fql.toml").write_text('[project]\nfiles = ["shop.fql"]\n')
    (shop / "broken.fql").write_text("observer {")
    first = fqlc("compile")
    assert first.code == 0
    assert len(list(folder.glob("[0-9a-f]*"))) == 1
    request.getfixturevalue("no_compiler")
    assert fqlc("compile") == first


UNIT = """\
entity Order{n} {{ id: ID @key  total: Decimal  status: String }}

observer told_{n} {{
  on: Order{n}.insert
  when: total > most && status != "draft"
  # Receivers of this unit are told one by one, so that none waits for the others. {filling}
  webhook tell {{ url: "https://w.example.com/{n}/{{{{ id }}}}", body: {{ id, total }} }}
}}
"""


@pytest.fixture
def large(shop: Path, folder: Path) -> Path:
    """The folder of a project that is worth taking apart."""
    (shop / "shop.fql").write_text("let most = 100\n")
    for n in range(90):
        (shop / f"unit_{n}.fql").write_text(UNIT.format(n=n, filling="." * 1_000))
    assert not folder.exists()
    return shop


@pytest.fixture
def worked_out(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many declarations each compile in parts worked out."""
    counts: list[int] = []

    def count(layout: Layout, *arguments: Any) -> Assembled | None:
        done = compile_parts(layout, *arguments)
        counts.append(-1 if done is None else done.worked_out)
        return done

    monkeypatch.setattr("fqlc.incremental.compile.compile_parts", count)
    return counts


def test_one_changed_declaration_of_a_large_project(
    fqlc: Command, large: Path, worked_out: list[int]
) -> None:
    """Nothing else is worked out, and the plan is that of a compile from cold."""
    assert fqlc("compile", ".").code == 0
    changed = large / "unit_7.fql"
    changed.write_text(changed.read_text().replace('!= "draft"', '== "final"'))
    kept = fqlc("compile", ".")
    assert worked_out == [181, 1]
    assert kept == fqlc("compile", "--no-cache", ".")


def test_a_large_project_says_the_same_however_it_is_compiled(fqlc: Command, large: Path) -> None:
    """With an error it is compiled as a whole, and told in the same words as ever."""
    for old, new in (("total >", "totl >"), ("totl >", "total >"), ("tell {", "other {")):
        changed = large / "unit_50.fql"
        changed.write_text(changed.read_text().replace(old, new))
        kept = fqlc("check", "--format", "json", ".")
        assert kept == fqlc("check", "--no-cache", "--format", "json", ".")
        assert kept.code == (1 if new == "totl >" else 0)


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"{}\n{}\n{}"])
def test_damaged_parts_are_no_parts(
    fqlc: Command, large: Path, folder: Path, worked_out: list[int], damage: bytes
) -> None:
    fqlc("compile", ".")
    for entry in folder.glob("[0-9a-f]*"):
        entry.write_bytes(damage)
    assert fqlc("compile", ".").code == 0
    assert worked_out == [181, 181]
    assert large.is_dir()


def test_other_settings_are_another_project(
    fqlc: Command, large: Path, worked_out: list[int]
) -> None:
    """A policy of `fql.toml` is in every plan, so nothing known of one serves another."""
    (large / "fql.toml").write_text('[webhooks]\ntimeout = "9s"\n')
    first = fqlc("compile", ".")
    (large / "fql.toml").write_text('[webhooks]\ntimeout = "8s"\n')
    second = fqlc("compile", ".")
    assert worked_out == [181, 181]
    assert first.out != second.out == fqlc("compile", "--no-cache", ".").out


def test_an_entry_that_somebody_else_wrote_is_none(
    fqlc: Command, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever can write into the folder does not know the key; one that others can read is none."""
    monkeypatch.setenv("FQLC_CACHE_DIR", str(shop / "kept"))
    first = fqlc("compile", "shop.fql")
    key = shop / "kept" / "key"
    assert key.stat().st_mode & 0o077 == 0
    (entry,) = [e for e in (shop / "kept").glob("[0-9a-f]*") if e.name != "key"]
    body = entry.read_bytes().partition(b"\n")[2].replace(b"w.example.com", b"x.example.com")
    entry.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
    assert fqlc("compile", "shop.fql") == first
    key.chmod(0o644)
    entry.write_bytes(
        hmac.new(key.read_bytes(), body, "sha256").hexdigest().encode() + b"\n" + body
    )
    assert fqlc("compile", "shop.fql") == first
