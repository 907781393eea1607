"""`python -m tests.oracles.prism`: send every case to Prism, and keep what it answers."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from fql.exact.reading import read_json
from fql.exact.writing import pretty_json, write_json
from tests.oracles.node import NoNode, installed
from tests.oracles.prism.shop import CASES, CONTRACTS, HERE, Case

PACKAGE = "@stoplight/prism-cli@5.16.0"
VERDICTS = HERE / "verdicts.json"
_START = 60


def main() -> int:
    """Renew the verdicts; 1 where Prism and the compiler disagree."""
    verdicts: dict[str, object] = {}
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        try:
            prism = installed(Path(folder), PACKAGE, "prism")
        except NoNode as problem:
            print(problem)
            return 3
        for contract in CONTRACTS:
            with _serving(prism, HERE / "contracts" / contract) as origin:
                for case in (c for c in CASES if c.contract == contract):
                    verdicts[case.name] = verdict = _verdict(case, origin)
                    status = verdict["status"]
                    if (status == 422) is not bool(case.codes):
                        wrong += 1
                        print(f"{case.name}: {case.codes or 'nothing found'}, Prism says {status}")
    VERDICTS.write_bytes(pretty_json(verdicts))
    print(f"{len(verdicts)} verdicts, {wrong} of them not the compiler's")
    return 1 if wrong else 0


def _verdict(case: Case, origin: str) -> dict[str, object]:
    """The request, and what Prism says of it."""
    request = case.request()
    url = str(request["url"]).replace("https://api.example.com/v2", origin)
    headers = request["headers"]
    assert isinstance(headers, dict)
    headers = {name: value for name, value in headers.items() if name.lower() != "host"}
    answer = httpx.request(
        str(request["method"]), url, headers={**headers, "Content-Type": "application/json"},
        content=write_json(request["body"]), timeout=20,
    )  # fmt: skip
    told = read_json(answer.headers.get("sl-violations", "[]"))
    slips = [str(one.get("message", "")) for one in told] if isinstance(told, list) else []
    if answer.status_code == 422 and not slips:
        slips = [str(one.get("message", "")) for one in answer.json().get("validation", [])]
    return {"request": request, "status": answer.status_code, "slips": slips}


@contextmanager
def _serving(prism: Path, contract: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(prism), "mock", "--errors", "-h", "127.0.0.1", "-p", str(port), str(contract)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as server:
        try:
            _wait(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait(port: int) -> None:
    until = time.monotonic() + _START
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"Prism did not listen on port {port}")


if __name__ == "__main__":
    sys.exit(main())
