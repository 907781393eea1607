"""The page about testing: its program and its tests are run as they stand there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/how-to/test-with-fql.md"
BLOCK = re.compile(r"^```(fql|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def run(folder: Path, *arguments: str) -> str:
    """pytest in a folder; what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_the_page_is_a_test_run(tmp_path: Path) -> None:
    """What a reader copies works."""
    blocks = BLOCK.findall(PAGE.read_text("utf-8"))
    program = "".join(text for language, text in blocks if language == "fql")
    tests = "\n\n".join(text for language, text in blocks if language == "python")
    (tmp_path / "shop.fql").write_text(program, "utf-8")
    (tmp_path / "test_shop.py").write_text(tests, "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    said = run(tmp_path)
    assert "7 passed" in said, said


FAILING = """
import pytest
from fql import blocking
from fql.testing import MockWebhookServer


def test_the_fixture_is_a_receiver_of_its_own(webhook_server):
    assert isinstance(webhook_server, MockWebhookServer)
    assert not webhook_server.called
    test_the_fixture_is_a_receiver_of_its_own.port = webhook_server.port

def test_it_is_stopped_after_its_test():
    import socket
    with socket.socket() as probe:
        port = test_the_fixture_is_a_receiver_of_its_own.port
        assert probe.connect_ex(("127.0.0.1", port)) != 0

def test_an_expectation_that_is_not_met_fails(webhook_server):
    webhook_server.expect_call(url="/never")
    assert webhook_server.all_expectations_met()
"""


def test_the_fixture_lives_as_long_as_its_test(tmp_path: Path) -> None:
    (tmp_path / "test_app.py").write_text(FAILING)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    said = run(tmp_path)
    assert "1 failed, 2 passed" in said, said
    assert "test_an_expectation_that_is_not_met_fails" in said


def test_the_kit_is_there_without_pytest() -> None:
    """An application may use it in its own scripts."""
    code = (
        "import sys; sys.modules['pytest'] = None\n"
        "import fql.testing as kit\n"
        "assert all(getattr(kit, name) for name in kit.__all__)\n"
        "with kit.MockWebhookServer() as server: print(server.called)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "False", done.stderr


def test_this_machine_is_closed_without_the_fixture(tmp_path: Path) -> None:
    """What the fixture opens is opened for its tests alone."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_app.py").write_text(
        "from fql.actions.receivers import ALLOWED_IN_TESTS\n"
        "from threading import Thread\n"
        "def test_open(webhook_server):\n"
        "    seen = []\n"
        "    other = Thread(target=lambda: seen.append(ALLOWED_IN_TESTS.get()))\n"
        "    other.start(); other.join()\n"
        "    assert ALLOWED_IN_TESTS.get() and seen == [ALLOWED_IN_TESTS.get()]\n"
        "def test_closed(): assert not ALLOWED_IN_TESTS.get()\n"
    )
    assert "2 passed" in run(tmp_path)
