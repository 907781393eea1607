"""The pytest plugin, as an application's test run meets it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TEST = """
import httpx

def test_it(webhook_server):
    httpx.post(webhook_server.url + "/x", json={"a": 1}, trust_env=False)
    assert webhook_server.last_payload == {"a": 1}
"""


def test_the_fixture_is_there_without_any_import(tmp_path: Path) -> None:
    (tmp_path / "test_app.py").write_text(TEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_the_plugin_imports_nothing_heavy() -> None:
    code = (
        "import sys, fql.testing.pytest_plugin; print('fql.egress.wire.transport' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
