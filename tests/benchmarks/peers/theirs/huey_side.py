"""Huey on SQLite: `huey_consumer huey_side.app`, or `python huey_side.py COUNT` to put jobs in."""

from __future__ import annotations

import sys
import time

from huey import SqliteHuey
from least import BROKER, post, row

app = SqliteHuey("bench", filename=BROKER, fsync=True, results=False)


@app.task(retries=3, retry_delay=1)
def deliver(body: dict[str, object]) -> None:
    post(body)


def main(count: int) -> None:
    print(time.time(), flush=True)
    for number in range(count):
        deliver(row(number))


if __name__ == "__main__":
    import huey_side  # under the name that the worker knows its task by

    huey_side.main(int(sys.argv[1]))
