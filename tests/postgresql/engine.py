"""`python -m tests.postgresql.engine`: an application whose runtime is the engine of its store, or
stands by until it is. It says on its output when it is ready."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from pathlib import Path

import fql


async def main(folder: Path) -> None:
    """Until SIGTERM; then drain."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    plan = fql.load_plan(folder / "plan.json")
    async with fql.Runtime(plan, settings=fql.load_settings(folder / "fql.toml")):
        print("ready", flush=True)
        await stop.wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(main(Path(sys.argv[1])))
