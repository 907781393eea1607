"""What a delivery costs inside: calls of Python functions and instructions, without a network.

    python -m tests.benchmarks.inside [COUNT]        calls for each delivery
    python -m tests.benchmarks.inside plain COUNT    only the deliveries, as for `valgrind`

Everything is as the product ships but for the socket, which answers at once. So what is counted is
the same on a busy machine as on a quiet one.
"""

from __future__ import annotations

import asyncio
import collections
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType

import fql
import fqlc
from fql import Runtime, load_plan
from fql.settings.reading import read_settings

HERE = Path(__file__).parent
SETTINGS = '[egress]\nallow = ["127.0.0.1/32"]\n'
ENVIRONMENT = {
    "RECEIVER": "http://127.0.0.1:8099",
    "BENCH_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
}
NOTE = "x" * 850
"""Makes the body 1 KB."""
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
CALLERS = 512
HEAT = 600
"""Deliveries before anything is counted: connections are open, plans read."""


class Wire(asyncio.Transport):
    """A socket whose other end answers each request at the next turn of the loop."""

    def __init__(self, protocol: asyncio.Protocol, address: str) -> None:
        super().__init__({"peername": (address, 8099)})
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        protocol.connection_made(self)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._loop.call_soon(self._protocol.data_received, ANSWER)

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return False

    def abort(self) -> None:
        self._loop.call_soon(self._protocol.connection_lost, None)


async def connect(
    made: Callable[[], asyncio.Protocol], host: str, _port: int
) -> tuple[Wire, asyncio.Protocol]:
    """Stands for `create_connection`."""
    protocol = made()
    return Wire(protocol, host), protocol


def unconnected() -> asyncio.AbstractEventLoop:
    """A loop that connects to nothing."""
    loop = asyncio.new_event_loop()
    vars(loop)["create_connection"] = connect
    return loop


class Counter:
    """Calls of Python functions, and of those written in C, while it counts."""

    def __init__(self) -> None:
        self.python: collections.Counter[CodeType] = collections.Counter()
        self.native: collections.Counter[str] = collections.Counter()

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            self.python[frame.f_code] += 1
        elif event == "c_call":
            self.native[getattr(argument, "__qualname__", "?")] += 1

    def ours(self) -> int:
        """Calls of the product's own Python functions, generated ones included."""
        home = str(Path(fql.__file__).parent)
        return sum(
            number for code, number in self.python.items()
            if code.co_filename.startswith((home, "<"))
        )  # fmt: skip

    def start(self) -> None:
        threading.setprofile(self)
        sys.setprofile(self)

    def stop(self) -> None:
        sys.setprofile(None)
        threading.setprofile(None)


def row(number: int) -> dict[str, object]:
    return {"id": f"o{number}", "status": "shipped", "total": "100.00", "note": NOTE}


async def deliver(runtime: Runtime, numbers: range) -> None:
    """These events from many callers at once, until the last has been delivered."""
    left = iter(numbers)

    async def caller() -> None:
        for number in left:
            await runtime.emit("Order.insert", new=row(number))

    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    await runtime.until_idle()


async def measured(folder: Path, count: int, counter: Counter | None) -> None:
    compilation = fqlc.compile_paths([str(HERE / "shop.fql")])
    assert compilation.plan is not None, compilation.diagnostics
    (folder / "plan.json").write_bytes(compilation.plan)
    settings = read_settings(SETTINGS, "benchmark")
    if counter is not None:
        threading.setprofile(counter)  # for the thread of the store
    async with Runtime(
        load_plan(folder / "plan.json"), store=f"sqlite:///{folder}/inside.db", settings=settings,
        environment=ENVIRONMENT,
    ) as runtime:  # fmt: skip
        await deliver(runtime, range(HEAT))
        if counter is not None:
            counter.python.clear()
            counter.native.clear()
            counter.start()
        await deliver(runtime, range(HEAT, HEAT + count))
        if counter is not None:
            counter.stop()
        assert runtime.status().done == HEAT + count


def run(count: int, counter: Counter | None) -> None:
    """So many deliveries on a store of their own."""
    with tempfile.TemporaryDirectory() as name, asyncio.Runner(loop_factory=unconnected) as runner:
        runner.run(measured(Path(name), count, counter))


def calls(count: int) -> Counter:
    """What is called in so many deliveries."""
    counter = Counter()
    run(count, counter)
    return counter


def shown(code: CodeType) -> str:
    where = Path(code.co_filename)
    return f"{where.parent.name}/{where.name}:{code.co_firstlineno} {code.co_name}"


def main(count: int = 2_000, most: int = 25) -> None:
    counter = calls(count)

    def named(total: float) -> str:
        return f"{total / count:8.2f}"

    print(f"calls of Python functions a delivery {named(counter.python.total())}")
    print(f"of these, the product's own          {named(counter.ours())}")
    print(f"calls of C functions a delivery      {named(counter.native.total())}")
    for code, total in counter.python.most_common(most):
        print(f"{named(total)}  {shown(code)}")
    for name, total in counter.native.most_common(most):
        print(f"{named(total)}  {name}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["plain"]:
        run(int(sys.argv[2]), None)
    else:
        main(*(int(a) for a in sys.argv[1:2]))
