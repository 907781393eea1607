"""Completion of command lines: what may follow, and real shells that ask for it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pexpect
import pytest

import fqlc.pipeline
from fqlc.cli.guiding.completing import ARGUMENTS, OPTIONS, _words, wanted
from fqlc.cli.main import run
from tests.cli_compiler.conftest import SHOP, Command
from tests.cli_compiler.test_talk import EVERY

BIN = Path(sys.executable).parent


@pytest.fixture
def compiled(shop: Path, fqlc: Command, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project, compiled once; any compile after that is a fault."""
    monkeypatch.setenv("FQLC_CACHE_DIR", str(shop / "kept"))
    (shop / "shop.fql").write_text(
        'endpoint depot { url: "https://d.example.com" }\n' + SHOP.replace(
            'webhook warehouse { url: "https://w.example.com/orders/{{ id }}", ',
            'webhook warehouse { endpoint: depot, '))  # fmt: skip
    assert fqlc("compile", "-o", "plan.json", "shop.fql").code == 0

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("the compiler ran")

    monkeypatch.setattr(fqlc_pipeline, "check_project", fail)
    return shop


fqlc_pipeline = fqlc.pipeline


def follow(
    line: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """What may stand at the end of a command line, as bash asks for it."""
    words = f"fqlc {line}".split(" ")
    monkeypatch.setenv("_FQLC_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", " ".join(words))
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    capfd.readouterr()
    assert run([]) == 0
    return [line.partition(",")[2] for line in capfd.readouterr().out.splitlines() if line]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("graph --observer or", ["order_created"]),
        ("graph --observer=or", ["order_created"]),
        ("explain --action order_created.", ["order_created.warehouse"]),
        ("pause de", ["depot"]),
        ("resume ", ["depot", "order_created"]),
        ("runs list --entity O", ["Order"]),
        ("check sh", ["shop.fql"]),
        ("graph pl", ["plan.json"]),
        ("explain FQL20", None),
        ("che", ["check"]),
        ("check --exit", ["--exit-zero"]),
        ("check --format ju", ["junit"]),
        ("help ch", ["check"]),
        ("dlq sh", ["show"]),
        ("graph --observer nothing", []),
        ("completion z", ["zsh"]),
        ("config store.u", ["store.url"]),
        ("init --with gi", ["github", "gitlab"]),
        ("init --with github,gi", ["github,gitlab"]),
    ],
)
def test_what_may_follow(
    compiled: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, line: str,
    found: list[str] | None,
) -> None:  # fmt: skip
    assert compiled.exists()
    offered = follow(line, capfd, monkeypatch)
    if found is None:
        assert {"FQL201", "FQL202"} <= set(offered)
        assert all(code.startswith("FQL20") for code in offered)
    else:
        assert offered == found


@pytest.mark.parametrize(
    "line",
    ["emit ev", "import shop.d", "export openapi sh", "check --settings f", "compile -o p",
     "explain --event e", "store restore b", "init ne"],
)  # fmt: skip
def test_where_nothing_else_is_known_a_shell_offers_files(
    compiled: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    assert compiled.exists()
    monkeypatch.setenv("_FQLC_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", f"fqlc {line}")
    monkeypatch.setenv("COMP_CWORD", str(len(line.split(" "))))
    capfd.readouterr()
    assert run([]) == 0
    assert capfd.readouterr().out == f"file,{line.rsplit(' ', 1)[-1]}\n"


def test_ids_of_the_store_are_offered(
    compiled: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    event = (
        '{"entity": "Order", "event": "insert", "new": {"id": "1", "total": 500, "status": "x"}}'
    )
    (compiled / "events.jsonl").write_text(event + "\n")
    monkeypatch.setenv("FQLC_STORE", f"sqlite:///{compiled}/some.db")
    (compiled / "fql.toml").write_text("[webhooks.retry]\nmax_attempts = 1\n")
    plan = str(compiled / "plan.json")
    run(["run", "--until-idle", "--events", "events.jsonl", plan])
    assert follow("runs resend run_", capfd, monkeypatch)
    (letter,) = follow("dlq show ", capfd, monkeypatch)
    assert follow(f"dlq show {letter[:5]}", capfd, monkeypatch) == [letter]
    monkeypatch.setenv("FQLC_STORE", f"sqlite:///{compiled}/gone.db")
    assert follow("dlq show ", capfd, monkeypatch) == []
    assert not (compiled / "gone.db").exists()


def test_a_folder_that_was_never_compiled_offers_nothing(
    shop: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FQLC_CACHE_DIR", str(shop / "kept"))
    assert follow("graph --observer ", capfd, monkeypatch) == []
    (shop / "kept").write_text("not a folder")
    assert follow("graph --observer ", capfd, monkeypatch) == []


def test_every_option_that_takes_a_name_is_known() -> None:
    """And every command of the table is one."""
    paths = {path.removeprefix("fqlc ") for path, _ in EVERY}
    assert ARGUMENTS.keys() <= paths
    flags = {flag for _, command in EVERY for param in command.params for flag in param.opts}
    assert OPTIONS.keys() <= flags | {"--endpoint"}


def test_shells_cut_words_in_several_ways() -> None:
    for args, start in ((["graph"], "--observer=or"), (["graph", "--observer", "="], "or")):
        words, begin = _words(args, start)
        assert wanted(words, begin) == ("observers",)
        assert begin == "or"
    assert _words(["graph", "--observer"], "=") == (["graph", "--observer"], "")


SHELLS = {
    "bash": (("--norc", "--noprofile"), 'eval "$(fqlc completion bash)"'),
    "zsh": (("-f",), 'autoload -U compinit; compinit -u; eval "$(fqlc completion zsh)"'),
    "fish": (("--no-config",), "fqlc completion fish | source"),
}
"""How each is started without files of a user, and told to complete."""


@pytest.mark.parametrize("shell", SHELLS)
def test_a_real_shell_completes(compiled: Path, shell: str) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    flags, setup = SHELLS[shell]
    environment = {
        **os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "TERM": "dumb", "HOME": str(compiled),
        "FQLC_CACHE_DIR": str(compiled / "kept"),
    }  # fmt: skip
    child = pexpect.spawn(program, list(flags), cwd=compiled, env=environment, timeout=60,
                          encoding="utf-8", dimensions=(24, 200))  # fmt: skip
    try:
        child.send(f"{setup}\recho rea''dy\r")
        child.expect("ready")
        child.send("fqlc graph --observer or\t")
        child.expect("order_created")
        child.send("\x15\x03")
    finally:
        child.close(force=True)
