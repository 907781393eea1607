"""A canary in every secret, searched for in everything that a run leaves behind or shows."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_plus

import httpx
import pytest

from fql.testing import MockWebhookServer
from fql.testing.received import ReceivedRequest
from fql.testing.replies import Reply
from tests.end_to_end.support import FQLC

CANARY = "canary/Zq7+x"
SECRETS = {
    "TOKEN": f"{CANARY}-token",
    "HEADER": f"{CANARY} header",
    "PATH_KEY": "canary~Zq7-path",
    "SIGN": "whsec_" + b64encode(f"{CANARY}-signing-secret-x".encode()).decode(),
    "RAW_SIGN": f"{CANARY}-raw-secret",
    "CRYPT": b64encode(b"canary/Zq7+x-encryption-key-3232").decode(),
    "CLIENT": f"{CANARY}-client",
}
NEEDLES = ("canary/Zq7", "canary~Zq7", SECRETS["SIGN"][6:], SECRETS["CRYPT"])

JSON = ("--format", "json")

PROGRAM = """
entity Order { id: ID @key  note: String }
retry quick { max_attempts: 2, backoff: fixed, initial_delay: 5ms, jitter: none }
defaults { retry: quick, timeout: 300ms, circuit: { failures: 1000 } }
endpoint shop {
  url: "${RECEIVER}"
  auth: { type: bearer, token: "${TOKEN}" }
  headers: { "X-Key": "key ${HEADER}" }
  signing: { secret: "${SIGN}" }
  circuit: { failures: 1000 }
}
observer placed {
  on: Order.insert
  webhook echo { endpoint: shop  path: "/echo/${PATH_KEY}/{{ id }}?k=${PATH_KEY}" }
  webhook slow { endpoint: shop  path: "/slow" }
  webhook cut { endpoint: shop  path: "/cut" }
  webhook refused { url: "${REFUSED}/${PATH_KEY}"  headers: { "X-Key": "${HEADER}" } }
  webhook login {
    url: "${RECEIVER}/login"
    auth: { type: oauth2, token_url: "${RECEIVER}/token", client_id: "me", client_secret: "${CLIENT}" }
  }
  webhook basic { url: "${RECEIVER}/echo" auth: { type: basic, username: "me", password: "${TOKEN}" } }
  webhook stripe { url: "${RECEIVER}/echo" signing: { scheme: stripe, secret: "${RAW_SIGN}" } }
  webhook crypt { endpoint: shop path: "/echo" encryption: { key: "${CRYPT}" } }
  webhook typed { endpoint: shop path: "/typed" response: Answer }
  webhook tell { endpoint: shop path: "/note" headers: { "X-Note": "${HEADER} {{ note }}" } }
  flow { [echo, slow, cut, refused, login, basic, stripe, crypt, typed, tell] }
}
type Answer { word: Int }
"""  # noqa: E501

SETTINGS = """
[egress]
allow = ["127.0.0.1/32"]
[observability.logging]
level = "debug"
format = "{form}"
[observability.prometheus]
port = {port}
host = "127.0.0.1"
[observability.tracing]
[webhooks.dlq]
backend = "file"
path = "letters.jsonl"
"""


def answer(request: ReceivedRequest) -> Reply:
    """Fail in every way, and repeat in the answer whatever came, also in other spellings."""
    if "/slow" in request.path:
        return Reply(fault="hang")
    if "/cut" in request.path:
        return Reply(fault="cut", body="x")
    if request.path == "/token":
        return Reply(200, {"access_token": f"{CANARY}-access"})
    said: dict[str, object] = {
        **request.headers,
        "path": request.path,
        "body": request.body.decode("latin-1"),
    }
    said |= {"all": dict(SECRETS), "coded": b64encode(json.dumps(SECRETS).encode()).decode()}
    status = 200 if "/typed" in request.path else 500
    return Reply(status, {**said, "word": request.headers.get("authorization", "")})


def spellings(text: str) -> Iterator[str]:
    """A text, what is percent-encoded in it, and what stands in base64 in it."""
    yield text
    yield unquote_plus(text)
    yield text.replace("\\/", "/")
    for found in set(re.findall(r"[A-Za-z0-9+/_-]{12,}", text)):
        for start in range(4):
            part = found[start:].replace("-", "+").replace("_", "/")
            yield b64decode(part[: len(part) // 4 * 4]).decode("latin-1")


def leaks(text: str) -> list[str]:
    """The needles that a text shows, in any spelling."""
    return [needle for said in spellings(text) for needle in NEEDLES if needle in said]


def test_the_search_finds_what_it_is_to_find() -> None:
    for said in (CANARY, "canary%2FZq7%2Bx", b64encode(f"me:{CANARY}".encode()).decode()):
        assert leaks(f"... {said} ..."), said
    assert not leaks("nothing here, canary aside")


class Bench:
    """A folder with the program, and a receiver that echoes."""

    def __init__(self, folder: Path, server: MockWebhookServer, form: str) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        (folder / "shop.fql").write_text(PROGRAM)
        (folder / "fql.toml").write_text(SETTINGS.format(form=form, port=self.port))
        events = [
            {"entity": "Order", "event": "insert", "new": {"id": f"o{n}", "note": note}}
            for n, note in enumerate(["fine", "broken\r\nX-Evil: 1"])
        ]
        (folder / "events.jsonl").write_text("".join(json.dumps(e) + "\n" for e in events))
        self.environment = {
            **os.environ,
            **SECRETS,
            "RECEIVER": server.url,
            "REFUSED": "http://10.0.0.1",
            "NO_COLOR": "1",
        }
        self.said: dict[str, str] = {}

    def fqlc(self, *arguments: str, **more: str) -> str:
        """Run a command; all that it says is kept."""
        done = subprocess.run(
            [FQLC, *arguments], cwd=self.folder, env={**self.environment, **more},
            capture_output=True, text=True, timeout=110, check=False,
        )  # fmt: skip
        self.said[" ".join(arguments)] = done.stdout + done.stderr
        return done.stdout

    def run(self) -> None:
        """`fqlc run`, its metrics scraped while it works."""
        process = subprocess.Popen(
            [FQLC, "run", "plan.json", "--events", "events.jsonl"], cwd=self.folder,
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        try:
            self.said["metrics"] = self.scraped()
        finally:
            process.terminate()
            self.said["run"] = process.communicate(timeout=110)[0]

    def scraped(self) -> str:
        """The metrics once twenty actions are dead, waited for half a minute."""
        text = ""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                text = httpx.get(f"http://127.0.0.1:{self.port}/metrics", trust_env=False).text
            except httpx.TransportError:
                text = ""
            dead = re.search(r'fql_dlq_size\{observer="placed"\} (\d+)', text)
            if dead and int(dead[1]) >= 20:
                return text
            time.sleep(0.05)
        raise AssertionError(f"the actions did not end: {text[-500:]} {self.said}")


def shown(bench: Bench) -> list[dict[str, object]]:
    """Ask every command what it has to show; the dead letters."""
    letters = [json.loads(line) for line in bench.fqlc("dlq", "list", *JSON).splitlines()]
    runs = [json.loads(line) for line in bench.fqlc("runs", "list", *JSON).splitlines()]
    one_of_each = {letter["class"]: letter["dlq_id"] for letter in letters}
    for command in (
        *(("dlq", "show", name) for name in one_of_each.values()), ("dlq", "stats"),
        ("trace", runs[0]["run"]), ("doctor", "plan.json"),
        ("explain", "--event", "events.jsonl", "shop.fql"), ("explain", "shop.fql"),
        ("list", "shop.fql", *JSON), ("graph", "shop.fql", *JSON), ("check", "shop.fql", *JSON),
    ):  # fmt: skip
        bench.fqlc(*command)
    for name, value in (("SIGN", f"{CANARY}!"), ("CRYPT", CANARY), ("RECEIVER", f"x:{CANARY}"),
                        ("TOKEN", f"{CANARY}\n{CANARY}")):  # fmt: skip
        bench.fqlc("--debug", "run", "plan.json", "--until-idle", **{name: value})
        assert "error" in bench.said["--debug run plan.json --until-idle"]
    return letters


def left(bench: Bench) -> dict[str, list[str]]:
    """Where needles are, among all that was said and written."""
    texts = dict(bench.said)
    files = (path for path in bench.folder.rglob("*") if path.is_file())
    texts |= {path.name: path.read_bytes().decode("latin-1") for path in files}
    found = {name: leaks(said) for name, said in texts.items()}
    return {name: what for name, what in found.items() if what}


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_secret_is_left_anywhere(tmp_path: Path, form: str) -> None:
    """Deliveries that fail in all ways, then everything that can be shown about them."""
    with MockWebhookServer() as server:
        server.always(answer)
        bench = Bench(tmp_path, server, form)
        bench.fqlc("compile", "shop.fql", "-o", "plan.json")
        bench.run()
        if form == "json":
            letters = shown(bench)
            assert {one["class"] for one in letters} == {"exhausted", "permanent", "evaluation"}
            assert len(letters) >= 20
            assert any("***" in said for said in bench.said.values()), "there was a lot to mask"
    assert (tmp_path / "letters.jsonl").stat().st_size > 1_000
    assert {"json": "DeadLetterWritten", "text": "dead letter"}[form] in bench.said["run"]
    assert left(bench) == {}
