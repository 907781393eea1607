"""The same job with Huey on SQLite, what a user of a single machine would pick instead.

python -m tests.benchmarks.huey_side DATABASE URL COUNT WORKERS

Enqueues COUNT events, each of which POSTs 1 KB of JSON with a retry on failure, and works them off
in this process with threads. `fsync=True` makes it durable. Prints one line of JSON.
"""

from __future__ import annotations

import http.client
import json
import logging
import resource
import sys
import threading
import time
from urllib.parse import urlsplit

from huey import SqliteHuey
from huey.consumer import Consumer


def main(database: str, url: str, count: int, workers: int) -> None:
    logging.disable(logging.CRITICAL)
    app = SqliteHuey("benchmark", filename=database, fsync=True, results=False)
    local = threading.local()
    done = threading.Semaphore(0)
    host = urlsplit(url)

    def connection() -> http.client.HTTPConnection:
        if not hasattr(local, "connection"):
            local.connection = http.client.HTTPConnection(host.hostname or "", host.port)
        kept: http.client.HTTPConnection = local.connection
        return kept

    @app.task(retries=2, retry_delay=1)
    def deliver(body: dict[str, object]) -> None:
        client = connection()
        client.request("POST", "/orders", json.dumps(body), {"Content-Type": "application/json"})
        answer = client.getresponse()
        answer.read()
        if answer.status >= 500:
            raise RuntimeError(f"status {answer.status}")
        done.release()

    event = {"id": "o1", "note": "x" * 1000, "total": "100.00"}
    begin, cpu = time.perf_counter(), _cpu()
    for _ in range(count):
        deliver(event)
    put, cpu_put = time.perf_counter(), _cpu()
    consumer = Consumer(app, workers=workers, periodic=False, initial_delay=0.001, max_delay=0.01)
    consumer.start()
    for _ in range(count):
        done.acquire()
    end, cpu_end = time.perf_counter(), _cpu()
    result = {
        "seconds": end - begin, "enqueue": put - begin, "work": end - put,
        "cpu_us": (cpu_end - cpu_put) / count * 1e6, "cpu_all_us": (cpu_end - cpu) / count * 1e6,
    }  # fmt: skip
    print(json.dumps(result), flush=True)
    sys.stdout.flush()
    consumer.stop(graceful=False)


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
