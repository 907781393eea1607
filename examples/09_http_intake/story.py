"""The whole story on this machine: application, receiver, partners, and a kill -9 among them.

python story.py [ORDERS]       (40 by default)

The shop places orders at the application, a payment provider tells the intake that they were paid:
one event at a time, in lines, or as CloudEvents. The receiver is down at first. The application is
killed, the receiver comes up, and the application is started again. In the end the receiver's
ledger must have every order that was acknowledged, twice: packed and booked.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from fql.testing import MockWebhookServer

HERE = Path(__file__).parent
TOKEN = "example-token-of-a-partner"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def paid(order: str) -> dict[str, object]:
    """The event that an order was paid."""
    old = {"id": order, "status": "new", "total": "12.50"}
    return {
        "entity": "Order", "event": "update", "old": old, "new": old | {"status": "paid"},
        "key": f"paid {order}",
    }  # fmt: skip


def cloud_event(order: str) -> dict[str, object]:
    """The same as a CloudEvent."""
    event = paid(order)
    return {
        "specversion": "1.0", "type": "com.example.Order.update", "source": "/payments",
        "id": order, "data": {"old": event["old"], "new": event["new"]},
    }  # fmt: skip


class Story:
    """What is at work, and what was acknowledged."""

    def __init__(self, receiver: str) -> None:
        self.app_port, self.intake_port = free_port(), free_port()
        self.environment = os.environ | {
            "RECEIVER": receiver, "INTAKE_TOKEN": TOKEN, "INTAKE_PORT": str(self.intake_port),
        }  # fmt: skip
        self.http = httpx.Client(timeout=30)

    @contextmanager
    def application(self) -> Iterator[subprocess.Popen[bytes]]:
        """The application, once its intake listens."""
        command = [sys.executable, "-m", "uvicorn", "app:app", "--port", str(self.app_port)]
        process = subprocess.Popen(
            [*command, "--log-level", "warning"], cwd=HERE, env=self.environment
        )
        try:
            self.until(lambda: self.listens(self.intake_port) and self.listens(self.app_port))
            yield process
        finally:
            process.terminate()
            process.wait(60)

    @staticmethod
    def listens(port: int) -> bool:
        """Whether somebody does there."""
        with socket.socket() as caller:
            return caller.connect_ex(("127.0.0.1", port)) == 0

    @staticmethod
    def until(holds: Callable[[], bool], seconds: float = 60) -> None:
        """Wait for something."""
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise TimeoutError
            time.sleep(0.05)

    def place(self, order: str) -> None:
        """The shop: repeats what was not acknowledged."""
        url = f"http://127.0.0.1:{self.app_port}/orders"
        self.repeated(lambda: self.http.post(url, json={"id": order, "total": "12.50"}))

    def tell(self, order: str, number: int) -> None:
        """The payment provider, in one of three forms."""
        event = json.dumps(paid(order))
        kind, body = (
            ("application/json", event),
            ("application/x-ndjson", event + "\n"),
            ("application/cloudevents+json", json.dumps(cloud_event(order))),
        )[number % 3]
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": kind}
        url = f"http://127.0.0.1:{self.intake_port}/events"
        self.repeated(lambda: self.http.post(url, content=body, headers=headers))

    def repeated(self, send: Callable[[], httpx.Response]) -> None:
        """Send until it is acknowledged; the key makes it harmless."""

        def is_acknowledged() -> bool:
            try:
                return send().status_code in (200, 201, 202)
            except httpx.TransportError:
                return False

        self.until(is_acknowledged)


def play(orders: int) -> list[tuple[str, str]]:
    """The story; gives what is missing in the ledger."""
    names = [f"o{number}" for number in range(orders)]
    half = orders // 2
    with MockWebhookServer() as receiver:
        receiver.always(503)
        story = Story(receiver.url)
        with story.application() as process:
            for number, name in enumerate(names[:half]):
                story.place(name)
                story.tell(name, number)
            process.kill()  # kill -9: what was acknowledged is in the store
            process.wait()
        receiver.clear()
        receiver.always(200)
        with story.application():
            for number, name in enumerate(names[half:]):
                story.place(name)
                story.tell(name, number)
            wanted = {(path, name) for name in names for path in ("/pack", "/book")}
            ledger: set[tuple[str, str]] = set()

            def is_complete() -> bool:
                for request in list(receiver.requests):
                    payload = request.payload
                    if isinstance(payload, dict):
                        ledger.add((request.path, str(payload["id"])))
                return wanted <= ledger

            try:
                story.until(is_complete)
            except TimeoutError:
                return sorted(wanted - ledger)
    return []


def main() -> int:
    """Compile, play, compare."""
    orders = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    for left in HERE.glob("fql.db*"):
        left.unlink()
    fqlc = Path(sys.executable).with_name("fqlc")
    subprocess.run([fqlc, "compile", "shop.fql", "-o", "shop.plan.json"], cwd=HERE, check=True)
    missing = play(orders)
    for path, name in missing:
        print(f"missing: {path} of {name}")
    if not missing:
        print(f"{orders} orders, one kill -9: the ledger is complete")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
