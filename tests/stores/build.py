"""Makes a store and an application's database as the version that runs this leaves them.

    python -m tests.stores.build FOLDER

Two versions of a plan work on the store, one after the other; the second one is killed while
something is on the wire. What is left: runs of both plans that are armed, scheduled, buffered,
members of a sealed batch, ordered, paused and waiting; dead letters, alone and of a batch; commands
and events in the inbox; rows in the outbox. Each folder `format_N` beside this file was made by the
last version that wrote that format.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from fql import Runtime, load_plan, load_settings, open_client
from fql.testing import MockWebhookServer, Reply
from fql.testing.received import ReceivedRequest

SHOP = Path(__file__).with_name("shop.fql")
SETTINGS = '[egress]\nallow = ["127.0.0.1/32"]\n'
LETTERS = {"broken", "mended", "sealed_dead", "ordered", "late"}


def first_plan() -> str:
    """Before: the observer `buffered` had one field less, and a token came from elsewhere."""
    return SHOP.read_text().replace("each { id, total }", "each { id }")


def second_plan() -> str:
    """After: nobody needs OLD_TOKEN, and `chain` sends one field more."""
    text = SHOP.read_text().replace("${OLD_TOKEN}", "new")
    return text.replace('path: "/ok/record" body: { id }', 'path: "/ok/record" body: { id, total }')


def order(number: int, customer: str) -> dict[str, object]:
    """A row of `orders`."""
    return {"id": number, "customer": customer, "total": f"{number}.50"}


async def until(what: str, holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it holds."""
    end = time.monotonic() + 20
    while not await holds():
        if time.monotonic() > end:
            raise AssertionError(what)
        await asyncio.sleep(0.02)


async def emit(runtime: Runtime, first: int, *customers: str) -> None:
    """One order for each customer."""
    for number, customer in enumerate(customers, first):
        await runtime.emit("Order.insert", new=order(number, customer), key=f"order-{number}")


async def quiet(runtime: Runtime) -> None:
    """Until nothing is ready: all is done, or waits for something."""
    await asyncio.sleep(1.0)
    await until("work that is on the wire", lambda: _landed(runtime))


async def _landed(runtime: Runtime) -> bool:
    return len(runtime.engine.state.in_flight) <= HANGING


HANGING = 1


async def before(folder: Path, receiver: str) -> None:
    """The first plan, drained."""
    environment = {"RECEIVER": receiver, "OLD_TOKEN": "t-0123456789"}
    plan = load_plan(folder / "first.plan.json")
    async with Runtime(
        plan, store=f"sqlite:///{folder}/store.db", environment=environment,
        settings=load_settings(folder / "fql.toml"),
    ) as runtime:  # fmt: skip
        await emit(runtime, 1, "chain", "broken", "sealed", "sealed", "sealed_done", "sealed_done")
        await emit(runtime, 10, "sealed_dead", "sealed_dead", "secretive", "late")
        await quiet(runtime)


async def after(folder: Path, receiver: str) -> None:
    """The second plan, killed."""
    environment = {"RECEIVER": receiver, "OLD_TOKEN": "t-0123456789"}
    plan = load_plan(folder / "second.plan.json")
    runtime = Runtime(
        plan, store=f"sqlite:///{folder}/store.db", environment=environment,
        settings=load_settings(folder / "fql.toml"),
    )  # fmt: skip
    await runtime.__aenter__()
    await runtime.client.pause("paused")
    await asyncio.sleep(0.5)
    await emit(runtime, 20, "chain", "broken", "mended", "buffered", "buffered", "buffered")
    await emit(runtime, 30, "sealed", "sealed", "sealed_done", "sealed_done", "ordered", "ordered")
    await emit(runtime, 40, "ordered", "paused", "hanging", "sealed_dead", "sealed_dead")
    await asyncio.sleep(2.5)
    await quiet(runtime)
    os.kill(os.getpid(), signal.SIGKILL)


async def commands(folder: Path) -> None:
    """What clients have asked for since: nobody has read it."""
    async with open_client(f"sqlite:///{folder}/store.db") as client:
        letters = await client.dead_letters()
        assert {letter.observer for letter in letters} == LETTERS, letters
        await client.emit(
            {"entity": "Order", "event": "insert", "new": order(50, "row"), "key": "order-50"}
        )
        await client.replay(filter={"observer": "sealed_dead"}, limit=1)
        paused = await client.runs(observer="paused")
        await client.cancel(run=paused[0].run)


def application(folder: Path) -> None:
    """The application's database: triggers, some rows taken, some not."""
    database = folder / "shop.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE orders(id INTEGER PRIMARY KEY, customer TEXT, total TEXT)")
    fql(folder, "capture", "install", "second.plan.json", "--database", "shop.db")
    insert(database, 60, 63)
    fql(
        folder, "run", "second.plan.json", "--settings", "capture.toml", "--store",
        "sqlite:///taken.db", "--until-idle",
    )  # fmt: skip
    insert(database, 63, 67)
    with sqlite3.connect(database) as connection:
        connection.execute("INSERT INTO orders VALUES(90, 'row', 'not a number')")


def insert(database: Path, first: int, end: int) -> None:
    """Rows of the customer whose observer is `rows`."""
    with sqlite3.connect(database) as connection:
        for number in range(first, end):
            row = (number, "row", f"{number}.50")
            connection.execute("INSERT INTO orders VALUES(?, ?, ?)", row)


def fql(folder: Path, *arguments: str) -> None:
    """The command, in the folder."""
    command = [sys.executable, "-m", "fqlc", *arguments]
    subprocess.run(command, cwd=folder, check=True)


def answer(request: ReceivedRequest) -> Reply:
    """What the receiver says, by the first part of the path."""
    kind = request.path.split("/")[1]
    if kind == "hang":
        return Reply(fault="hang")
    late = 503 if request.attempt == 1 else 400
    status = {"ok": 200, "busy": 503, "refuse": 400, "late": late}[kind]
    return Reply(status=status, body={"id": 7, "b": "x"})


def pack(folder: Path, name: str) -> None:
    """One file, with what is in its WAL, compressed."""
    connection = sqlite3.connect(folder / name)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = (folder / name).read_bytes()
    (folder / f"{name}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
    for leftover in folder.glob(f"{name}*"):
        if leftover.name != f"{name}.gz":
            leftover.unlink()


def main(folder: Path) -> None:
    """Make everything in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("first", first_plan()), ("second", second_plan())):
        (folder / f"{name}.fql").write_text(text)
        fql(folder, "compile", f"{name}.fql", "-o", f"{name}.plan.json")
        (folder / f"{name}.fql").unlink()
    (folder / "fql.toml").write_text(SETTINGS)
    with MockWebhookServer() as server:
        server.always(answer)
        for phase in ("before", "after"):
            command = [sys.executable, "-m", "tests.stores.build", str(folder), phase, server.url]
            done = subprocess.run(command, check=False)
            assert done.returncode == (0 if phase == "before" else -signal.SIGKILL), done
        asyncio.run(commands(folder))
        os.environ["RECEIVER"] = server.url
        capture = '[sources.shop]\nkind = "sqlite"\ndatabase = "shop.db"\n'
        (folder / "capture.toml").write_text(SETTINGS + capture)
        application(folder)
    for name in ("store.db", "taken.db", "shop.db"):
        pack(folder, name)
    for name in ("fql.toml", "capture.toml", "store.db.lock", "taken.db.lock"):
        (folder / name).unlink(missing_ok=True)


if __name__ == "__main__":
    where = Path(sys.argv[1]).resolve()
    if len(sys.argv) == 2:
        main(where)
    else:
        asyncio.run({"before": before, "after": after}[sys.argv[2]](where, sys.argv[3]))
