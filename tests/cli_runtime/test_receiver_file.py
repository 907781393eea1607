"""The receiver that `fqlc init` writes prints whole lines, however many requests come at once."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

from tests.docs.walk import free_port

LINE = re.compile(r"(200|503) /orders \{\"n\": \d+, \"pad\": \"x{200}\"\} attempt 1")


def test_lines_stay_whole(tmp_path: Path) -> None:
    """Two receivers write to one pipe, each from several threads."""
    source = (resources.files("fql.cli") / "project_files" / "receiver.py.txt").read_text("utf-8")
    (tmp_path / "receiver.py").write_text(source)
    ports = [free_port(), free_port()]
    log = (tmp_path / "log").open("wb")
    command = [sys.executable, "receiver.py"]
    running = [subprocess.Popen([*command, str(p)], cwd=tmp_path, stdout=log) for p in ports]
    try:
        while (tmp_path / "log").read_text().count("listening on ") < 2:
            assert all(one.poll() is None for one in running)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: post(ports[n % 2], n), range(80)))
    finally:
        for one in running:
            one.kill()
            one.wait()
        log.close()
    lines = (tmp_path / "log").read_text().splitlines()
    assert len(lines) == 82
    assert all(LINE.fullmatch(x) or x.startswith("listening on http://") for x in lines)


def post(port: int, number: int) -> None:
    """One webhook as the engine would send it."""
    body = f'{{"n": {number}, "pad": "{"x" * 200}"}}'.encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/orders", body, {"fql-attempt": "1"}, method="POST"
    )
    for _ in range(50):
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                answer.read()
        except urllib.error.HTTPError:
            return
        except urllib.error.URLError:  # refused: its queue of connections is full
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the receiver takes no connections")
