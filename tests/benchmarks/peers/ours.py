"""Our side: `python -m tests.benchmarks.peers.ours worker PLAN STORE SOCKET [quiet]` is an
application with a Runtime in it, which takes events from another process over a unix socket and
answers each with one byte when `emit` has returned. `... SOCKET COUNT` is that other process."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time

from fql import Runtime, load_plan
from fql.settings.reading import read_settings
from tests.benchmarks.peers.theirs.least import row

AT_ONCE = 64
SETTINGS = '[egress]\nallow = ["127.0.0.1/32"]\n'


async def work(plan: str, store: str, socket: str) -> None:
    """Take events until somebody ends this process."""
    settings = read_settings(SETTINGS, "benchmark")
    async with Runtime(load_plan(plan), store=store, settings=settings) as runtime:

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while line := await reader.readline():
                await runtime.emit("Order.insert", new=json.loads(line))
                writer.write(b"\n")
            writer.close()

        async with await asyncio.start_unix_server(serve, socket) as server:
            await server.serve_forever()


async def put(socket: str, count: int) -> None:
    """So many events, each connection one at a time."""
    numbers = iter(range(count))

    async def one() -> None:
        reader, writer = await asyncio.open_unix_connection(socket)
        for number in numbers:
            writer.write(json.dumps(row(number)).encode() + b"\n")
            await reader.readline()
        writer.close()

    print(time.time(), flush=True)
    await asyncio.gather(*(one() for _ in range(AT_ONCE)))


def main(arguments: list[str]) -> None:
    import uvloop

    if arguments[0] == "worker":
        if arguments[4:] == ["quiet"]:
            gc.set_threshold(10_000, 20, 10)
        uvloop.run(work(arguments[1], arguments[2], arguments[3]))
    else:
        uvloop.run(put(arguments[0], int(arguments[1])))


if __name__ == "__main__":
    main(sys.argv[1:])
