"""`fqlc ui` as a process of its own, with what `[ui]` says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
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
PLAN = """
entity Order { id: ID @key }
observer placed { on: Order.insert  webhook tell { url: "https://example.com", body: { id } } }
"""


@contextmanager
def served(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Iterator[str]:
    """The link that it prints."""
    command = [sys.executable, "-m", "fqlc", "ui", *arguments]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env
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


def test_another_link_is_for_the_same_user_alone(tmp_path: Path) -> None:
    surroundings = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "fqlc", "ui", "link"]

    def asked() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False, env=surroundings
        )

    assert asked().returncode == 3
    with served(tmp_path, "--listen", "127.0.0.1:0", "--store", "sqlite:///no.db",
                env=surroundings) as first:  # fmt: skip
        (file,) = (tmp_path / "fqlc").iterdir()
        assert file.stat().st_mode & 0o77 == 0
        link = asked().stdout.strip()
        assert link != first
        with httpx.Client(trust_env=False) as person:
            assert person.get(link).status_code == 303
            assert person.get(link).status_code == 401, "once"
            wrong = {"authorization": "Bearer nobody"}
            assert person.post(f"{link.split('/in/')[0]}/in/", headers=wrong).status_code == 401
    assert list((tmp_path / "fqlc").iterdir()) == []


def test_a_run_has_its_page_beside_it(tmp_path: Path) -> None:
    """A process of its own, which ends with the run."""
    (tmp_path / "plan.fql").write_text(PLAN, encoding="utf-8")
    command = [sys.executable, "-m", "fqlc", "run", "--ui", "127.0.0.1:0", "plan.fql"]
    run = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    assert run.stderr is not None
    lines = iter(run.stderr.readline, "")
    link = next(found[0] for line in lines if (found := re.search(r"http://\S+/in/\S+", line)))
    (page,) = psutil.Process(run.pid).children()
    assert page.nice() >= 10
    with httpx.Client(trust_env=False, follow_redirects=True) as person:
        assert "Nothing is waiting" in person.get(link).text
    run.kill()
    run.communicate()
    page.wait(20)


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
