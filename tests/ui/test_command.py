"""`fqlc ui` as a process of its own, with what `[ui]` says."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from fql.testing import MockWebhookServer
from tests.ui.site import TOKEN, site

SETTINGS = f"""
[store]
url = "sqlite:///s.db"
[ui]
listen = "127.0.0.1:0"
token = "{TOKEN}"
hosts = ["fql.example.com"]
read_only = true
page_size = 1
"""


@contextmanager
def served(folder: Path, *arguments: str) -> Iterator[str]:
    """The link that it prints."""
    command = [sys.executable, "-m", "fqlc", "ui", *arguments]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert process.stdout is not None
        link = re.search(r"http://\S+/in/\S+", process.stdout.readline())
        assert link is not None, process.stdout.read()
        yield link[0]
    finally:
        process.terminate()
        process.communicate(timeout=20)


async def test_settings_of_the_page(tmp_path: Path, webhook_server: MockWebhookServer) -> None:
    async with site(tmp_path, webhook_server) as here:
        await here.fail(1, 2)
    (tmp_path / "fql.toml").write_text(SETTINGS, encoding="utf-8")
    with served(tmp_path) as link:
        page = link.split("/in/")[0]
        headers = {"authorization": f"Bearer {TOKEN}", "accept": "application/json"}
        with httpx.Client(base_url=page, headers=headers, trust_env=False) as program:
            assert len(program.get("/runs").json()) == 1, "page_size"
            assert program.get("/", headers={"host": "fql.example.com"}).status_code == 200
            assert program.post("/dead/replay").status_code == 403, "read_only"
        with httpx.Client(base_url=page, trust_env=False, follow_redirects=True) as person:
            assert "need you" in person.get(link).text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--listen", "0.0.0.0:0"], "needs a `token` and `hosts`"),
        (["--listen", "8787"], "write host and port"),
        (["--store", "memory:"], "cannot be seen from another process"),
    ],
)
def test_what_cannot_be_served_is_refused(arguments: list[str], said: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fqlc", "ui", "--listen", "127.0.0.1:0", *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert said in done.stderr
