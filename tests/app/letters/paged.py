"""The page as a process of its own, which asks for a replay of all dead letters and is killed."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

TOKEN = "a-token-of-a-program-0123456789abcdef"
SETTINGS = f'[ui]\nlisten = "127.0.0.1:0"\ntoken = "{TOKEN}"\n'
"""What a project's `fql.toml` needs besides."""


@dataclass
class Page:
    """`fqlc ui`, and where it is."""

    process: subprocess.Popen[str]
    url: str

    def begin(self, observer: str, rate: float) -> str:
        """Ask what a replay of this observer's would do, say yes, and give the name of the bulk."""
        headers = {"authorization": f"Bearer {TOKEN}"}
        with httpx.Client(base_url=self.url, headers=headers, trust_env=False) as browser:
            fields = {"observer": observer, "rate": str(rate)}
            asked = browser.post("/dead/replay", data=fields, timeout=60)
            main = asked.text.partition("<main")[2]
            held = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', main))
            done = browser.post("/dead/replay", data={**held, "rate": str(rate)}, timeout=60)
            found = re.search(r"bulk=(bulk_\w+)", done.headers.get("location", ""))
        assert found is not None, (asked.text, done.text)
        return found[1]


@contextmanager
def page(folder: Path, *arguments: str) -> Iterator[Page]:
    """A page of the project in this folder, killed in the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "fqlc", "ui", *arguments], cwd=folder, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        link = re.search(r"(http://\S+)/in/", process.stdout.readline())
        assert link is not None, process.stdout.read()
        yield Page(process, link[1])
    finally:
        process.kill()
        process.communicate()
