"""A newcomer's walk: the commands of tutorial, README and examples do what the pages say."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.docs.test_docs import ROOT
from tests.docs.walk import commands, outputs, walk

pytestmark = pytest.mark.skipif(
    shutil.which("bash") is None or shutil.which("ps") is None,
    reason="the pages are walked in bash, and ps finds what they leave running",
)


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def example(name: str, tmp_path: Path) -> Path:
    """A copy of the examples with nothing run in it; the folder of one."""
    ignored = shutil.ignore_patterns("fql.db*", "shop.db*")
    return Path(shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=ignored)) / name


def test_readme() -> None:
    """It shows the first commands of the tutorial, which are walked below."""
    shown = commands(text("README.md"))
    assert shown[0] == "fqlc init shop && cd shop"
    assert set(shown) <= set(commands(text("docs/tutorial/first-steps.md")))


def test_tutorial(tmp_path: Path) -> None:
    """`init` writes the receiver's port into the project, so it is walked in two parts."""
    page = text("docs/tutorial/first-steps.md")
    lines = commands(page)
    folder = tmp_path / "here"
    folder.mkdir()
    walk(lines[:1], folder)
    printed = walk(["cd shop", *lines[1:]], folder)
    assert missing(page, printed) == []
    assert "Grace paid 2500" in printed


def missing(page: str, printed: str) -> list[str]:
    """Lines that a page shows and its commands did not print."""
    return [line for line in outputs(page) if line.strip() and line not in printed]


def test_first_example(tmp_path: Path) -> None:
    """As the page of all examples says."""
    folder = example("01_first_observer", tmp_path)
    page = text("examples/README.md").replace("01_first_observer", ".")
    printed = walk(commands(page), folder)
    assert missing(page, printed) == []
    assert printed.count("warehouse: POST /orders") == 2


def test_example_of_failure_and_replay(tmp_path: Path) -> None:
    folder = example("05_failure_and_replay", tmp_path)
    page = text("examples/05_failure_and_replay/README.md")
    around = ["python ../receiver.py", "export RECEIVER=http://127.0.0.1:9999"]
    one = 'DLQ_ID=$(fqlc dlq list --format json | sed \'s/.*"dlq_id": *"\\([^"]*\\)".*/\\1/\')'
    lines = [line.replace("DLQ_ID", "$DLQ_ID") for line in commands(page)]
    printed = walk([*around, lines[0], one, *lines[1:]], folder)
    assert missing(page, printed) == []
    assert "receipt: POST /receipts" in printed
    assert "(attempt 3)" in printed


def test_example_with_sqlite(tmp_path: Path) -> None:
    """The runtime goes on in the background: wait until a request for the last order came."""
    folder = example("06_shop_with_sqlite", tmp_path)
    page = text("examples/06_shop_with_sqlite/README.md")
    received = "receiver.py > receiver.log"
    lines = [line.replace("receiver.py", received) for line in commands(page)]
    until = "for _ in {1..200}; do grep -q 1000099/pick receiver.log && break; sleep 0.05; done"
    printed = walk([*lines, until, "grep -c pick: receiver.log"], folder)
    assert missing(page, printed) == []
    assert printed.rstrip().splitlines()[-1].isdigit()


def test_example_with_postgresql(tmp_path: Path, postgresql_url: str) -> None:
    """Against a server of the tests instead of the reader's own."""
    folder = example("07_postgresql_shop", tmp_path)
    page = text("examples/07_postgresql_shop/README.md")
    first, *lines = commands(page)
    assert first.startswith("export SHOP_DATABASE=")
    lines = [line.replace("receiver.py", "receiver.py > receiver.log") for line in lines]
    *before, kill, _, last = lines  # what is sent after the kill waits for a lease: see end_to_end
    assert kill.startswith("kill -9") and last == "python shop.py letters"
    until = "for _ in {1..400}; do grep -q '%s' %s && break; sleep 0.05; done"
    waits = (until % ("1000099/pick", "receiver.log"), until % ("share the work", "../walk.log"))
    server = f"export SHOP_DATABASE='{postgresql_url}'"
    printed = walk([server, *before, *waits, kill, last, "cat capture.sql"], folder)
    assert "share the work" in printed
    assert "CREATE TRIGGER" in printed
