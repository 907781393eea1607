"""A receiver that repeats all secrets, in every place that HTTP has, and what stays of them."""

from __future__ import annotations

import gzip
import html
import json
import os
import re
import socket
import subprocess
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from fql.blocking import Runtime
from fql.settings.reading import read_settings
from tests.end_to_end.support import FQLC
from tests.end_to_end.test_canary import leaks
from tests.observe.support import plan_of
from tests.observe.test_tracing import exported as exported

CANARY = "canary/Zq7+x"
SECRETS = {
    "TOKEN": f"{CANARY}-token <ä>",
    "HEADER": f"{CANARY} header",
    "CLIENT": f"{CANARY}&client!",
    "SIGN": "whsec_" + b64encode(f"{CANARY}-signing-secret-x".encode()).decode(),
}
ACCESS = f"{CANARY}-access-"

PROGRAM = """
entity Order { id: ID @key }
type Answer { word: String?  size: Int? }
retry quick { max_attempts: 2, backoff: fixed, initial_delay: 5ms, jitter: none }
defaults { retry: quick, timeout: 2s, circuit: { failures: 1000 } }
endpoint shop {
  url: "${RECEIVER}"
  auth: { type: header, header: "X-Token", value: "${HEADER}" }
  headers: { "X-Key": "key ${TOKEN}" }
  signing: { secret: "${SIGN}" }
}
endpoint oauth {
  url: "${RECEIVER}"
  auth: { type: oauth2, token_url: "${RECEIVER}/token", client_id: "me", client_secret: "${CLIENT}" }
}
endpoint denied {
  url: "${RECEIVER}"
  auth: { type: oauth2, token_url: "${RECEIVER}/denied", client_id: "me", client_secret: "${CLIENT}" }
}
endpoint garbled {
  url: "${RECEIVER}"
  auth: { type: oauth2, token_url: "${RECEIVER}/garbage", client_id: "me", client_secret: "${CLIENT}" }
}
observer placed {
  on: Order.insert
  webhook status { endpoint: shop path: "/status" }
  webhook garbage { endpoint: shop path: "/garbage" }
  webhook chunks { endpoint: shop path: "/chunks" }
  webhook sizes { endpoint: shop path: "/sizes" }
  webhook wide { endpoint: shop path: "/wide" }
  webhook latin { endpoint: shop path: "/latin" }
  webhook coded { endpoint: shop path: "/coded" response: Answer }
  webhook gzipped { endpoint: shop path: "/gzipped" response: Answer }
  webhook misfit { endpoint: shop path: "/misfit" response: Answer }
  webhook typed { endpoint: shop path: "/typed" response: Answer }
  webhook later { endpoint: shop path: "/fine" body: { said: typed.response.word } }
  webhook moved { endpoint: shop path: "/moved" }
  webhook secure { url: "${SECURE}" }
  webhook closed { url: "${CLOSED}" }
  webhook login { endpoint: oauth path: "/status" }
  webhook refused { endpoint: denied path: "/status" }
  webhook noise { endpoint: garbled path: "/status" }
  flow { [status, garbage, chunks, sizes, wide, latin, coded, gzipped, misfit, login, refused,
          moved, secure, closed, noise, typed -> later] }
}
observer many {
  on: Order.insert
  webhook batched { endpoint: shop path: "/batch" batch: { size: 2, timeout: 50ms } }
}
test fine { observer: placed event: Order.insert new: { id: "o1" } expect: { sent: [] } }
"""  # noqa: E501

SETTINGS = """
[egress]
allow = ["127.0.0.1/32"]
[observability.logging]
level = "debug"
[observability.tracing]
[webhooks.dlq]
backend = "file"
path = "letters.jsonl"
"""


def spelled() -> str:
    """All secrets in many spellings; `tests/egress/sealing/test_masking.py` has more."""
    said = []
    for value in SECRETS.values():
        raw, escaped = value.encode(), json.dumps(value)[1:-1]
        said += [value, quote(raw, safe=""), quote_plus(raw), b64encode(raw).decode()]
        said += [b64encode(b"me:" + raw).decode(), escaped, json.dumps(escaped)[1:-1]]
        said += [escaped.replace("/", "\\/"), html.escape(value), quote(escaped), raw.hex()]
        said += [b64encode(escaped.encode()).decode(), b64encode(b64encode(raw)).decode()]
    said.append(b64encode(f"me:{quote_plus(SECRETS['CLIENT'])}".encode()).decode())
    return " | ".join(said)


class Echo:
    """Answers by path: status line, header fields and body as bytes, all full of secrets."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self._tokens = 0

    def answer(self, path: str, head: str, body: bytes) -> bytes:
        """What goes on the wire for a request."""
        said = (spelled() + " | " + " ".join(head.split("\r\n"))).encode()
        line = said.decode("latin-1")
        if path == "/fine":
            self.bodies.append(body)
            return _response("200 fine", b"{}")
        special: dict[str, Callable[[], bytes]] = {
            "/garbage": lambda: b"SSH-2.0 " + said + b"\r\n",
            "/chunks": lambda: _chunked(said),
            "/sizes": lambda: _chunked(said, size=said[:200]),
            "/wide": lambda: _response("500 x", said.decode("utf-8", "replace").encode("utf-16")),
            "/latin": lambda: _response("500 x", SECRETS["TOKEN"].encode("latin-1") * 9),
            "/coded": lambda: _response("200 x", b"{}", f"Content-Encoding: {line[:300]}\r\n"),
            "/gzipped": lambda: _response(
                "200 x", gzip.compress(_json(said)), "Content-Encoding: gzip\r\n"
            ),
            "/misfit": lambda: _response("200 x", json.dumps({"size": spelled()}).encode()),
            "/moved": lambda: _response(f"307 {line}", said, f"Location: /fine?{quote(said)}\r\n"),
            "/typed": lambda: _response("200 x", _json(said)),
            "/batch": lambda: _response("200 x", _refusals(said)),
            "/token": self._token,
            "/denied": lambda: _response(f"400 {line}", json.dumps({"error": spelled()}).encode()),
        }
        made = special.get(path)
        return made() if made else _response(f"500 {line}", said, f"X-Said: {line}\r\n")

    def _token(self) -> bytes:
        self._tokens += 1
        token = {"access_token": f"{ACCESS}{self._tokens % 2}", "expires_in": 1}
        return _response("200 x", json.dumps(token).encode())


def _json(said: bytes) -> bytes:
    return json.dumps({"word": said.decode(), SECRETS["HEADER"]: 1}).encode()


def _refusals(said: bytes) -> bytes:
    """Reasons that end within a secret, wherever they are cut."""
    reasons = [said.decode(), "x" * 490 + SECRETS["HEADER"]]
    found = [{"index": n, "reason": reason} for n, reason in enumerate(reasons)]
    return json.dumps({"failed": found}).encode()


def _response(status: str, body: bytes, more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\n{more}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode("latin-1") + body


def _chunked(said: bytes, size: bytes | None = None) -> bytes:
    """A body in chunks whose extension and trailer speak as well, or whose size is no number."""
    head = b"HTTP/1.1 500 x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    if size is not None:
        return head + size + b"\r\n"
    return head + b'%x;said="%s"\r\n%s\r\n0\r\nX-Said: %s\r\n\r\n' % (
        len(said), said[:50], said, said,
    )  # fmt: skip


def _serve(listener: socket.socket, echo: Echo) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_exchange, args=(connection, echo), daemon=True).start()


def _exchange(connection: socket.socket, echo: Echo) -> None:
    with connection, connection.makefile("rb") as reader, suppress(OSError):
        if reader.peek(1)[:1] == b"\x16":  # TLS, which it does not speak
            connection.sendall(echo.answer("/status", spelled(), b""))
            return
        lines = list(iter(lambda: reader.readline().rstrip(b"\r\n"), b""))
        head = b"\r\n".join(lines).decode("latin-1")
        length = re.search(r"(?i)^content-length: *(\d+)", head, re.MULTILINE)
        body = reader.read(int(length[1]) if length else 0)
        if lines:
            connection.sendall(echo.answer(head.split(" ")[1], head, body))


@contextmanager
def receiver() -> Iterator[tuple[str, Echo]]:
    """The address of an echo, as long as it answers."""
    echo = Echo()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, echo), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", echo


def environment(url: str) -> dict[str, str]:
    """What the program names: a receiver, one that speaks no TLS, one that is not there."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    others = {
        "SECURE": url.replace("http:", "https:") + "/canary~Zq7-path",
        "CLOSED": f"http://127.0.0.1:{port}/canary~Zq7-path",
    }
    return {**SECRETS, **others, "RECEIVER": url}


def commands(folder: Path, url: str) -> dict[str, str]:
    """Everything that is said by a run, and by those who look at it afterwards."""
    said: dict[str, str] = {}

    def fqlc(*arguments: str) -> str:
        done = subprocess.run(
            [FQLC, *arguments], cwd=folder, env={**os.environ, **environment(url)},
            capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        said[" ".join(arguments)] = done.stdout + done.stderr
        return done.stdout

    fqlc("compile", "shop.fql", "-o", "plan.json")
    fqlc("run", "plan.json", "--events", "events.jsonl", "--until-idle")
    letters = [json.loads(x) for x in fqlc("dlq", "list", "--format", "json").splitlines()]
    runs = [json.loads(x) for x in fqlc("runs", "list", "--format", "json").splitlines()]
    assert len(letters) >= 16, said
    fqlc("dlq", "show", letters[0]["dlq_id"])
    fqlc("trace", runs[0]["run"])
    for more in (
        ("dlq", "show", letters[1]["dlq_id"], "--format", "json"), ("doctor", "plan.json"),
        ("trace", runs[0]["run"], "--format", "json"), ("dlq", "list"), ("test", "shop.fql"),
        ("explain", "--event", "events.jsonl", "shop.fql"),
    ):  # fmt: skip
        fqlc(*more)
    return said


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.fql").write_text(PROGRAM)
    (tmp_path / "fql.toml").write_text(SETTINGS)
    events = [{"entity": "Order", "event": "insert", "new": {"id": f"o{n}"}} for n in range(2)]
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(e) + "\n" for e in events))
    return tmp_path


def test_what_a_receiver_repeats_is_kept_nowhere(folder: Path) -> None:
    with receiver() as (url, echo):
        texts = commands(folder, url)
    assert "***" in "".join(texts.values())
    assert echo.bodies
    assert all(b"***" in body for body in echo.bodies), "answers are masked before they are used"
    files = [path for path in folder.rglob("*") if path.is_file()]
    texts |= {path.name: path.read_bytes().decode("latin-1") for path in files}
    found = {name: leaks(said) for name, said in texts.items()}
    assert {name: what for name, what in found.items() if what} == {}


def spans_of(url: str, exporter: InMemorySpanExporter) -> str:
    """What an SDK exports of a runtime that delivers to an echo."""
    settings = read_settings(SETTINGS.replace('backend = "file"\npath = "letters.jsonl"', ""), "x")
    with Runtime(
        plan_of(PROGRAM), store="memory:", settings=settings, environment=environment(url)
    ) as runtime:
        runtime.emit("Order.insert", new={"id": "o1"}, context={"tenant": "t"})
        runtime.until_idle(30)
    return "".join(span.to_json() for span in exporter.get_finished_spans())


def test_what_a_receiver_repeats_is_in_no_span_and_no_log(
    exported: InMemorySpanExporter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    with receiver() as (url, _):
        said = spans_of(url, exported)
    assert said.count("http.response.status_code") >= 10
    assert "http.request.method" in said
    assert not leaks(said)
    logged = "".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert not leaks(logged)
