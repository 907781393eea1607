"""The job of all sides: POST 1 KB of JSON over a connection that is kept. The least client there
is, so that what is measured is the queue."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import threading
from urllib.parse import urlsplit

BROKER = os.environ.get("BROKER", "")
HOST = urlsplit(os.environ.get("RECEIVER", "http://127.0.0.1:9"))
NOTE = "x" * 850
_local = threading.local()
_free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []


def row(number: int) -> dict[str, object]:
    """An event of 1 KB."""
    return {"id": f"o{number}", "status": "shipped", "total": "100.00", "note": NOTE}


def post(body: dict[str, object]) -> None:
    """One request, to its end. Raises what asks for a retry."""
    if not hasattr(_local, "connection"):
        _local.connection = http.client.HTTPConnection(HOST.hostname or "", HOST.port)
    client: http.client.HTTPConnection = _local.connection
    headers = {"Content-Type": "application/json", "webhook-id": str(body["id"])}
    client.request("POST", "/orders", json.dumps(body), headers)
    answer = client.getresponse()
    answer.read()
    if answer.status >= 300:
        raise RuntimeError(f"status {answer.status}")


async def post_async(body: dict[str, object]) -> None:
    """The same without blocking."""
    text = json.dumps(body).encode()
    head = (
        f"POST /orders HTTP/1.1\r\nHost: {HOST.netloc}\r\nwebhook-id: {body['id']}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    )
    reader, writer = (
        _free.pop() if _free else await asyncio.open_connection(HOST.hostname, HOST.port)
    )
    writer.write(head.encode() + text)
    answer = await reader.readuntil(b"\r\n\r\n")
    length = int(answer.lower().split(b"content-length:")[1].split(b"\r\n", 1)[0])
    await reader.readexactly(length)
    _free.append((reader, writer))
    if not answer.startswith(b"HTTP/1.1 2"):
        raise RuntimeError(f"it answered {answer[:20]!r}")
