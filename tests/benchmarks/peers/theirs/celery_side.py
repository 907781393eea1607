"""Celery: `celery -A celery_side worker`, or `python celery_side.py COUNT` to put jobs in."""

from __future__ import annotations

import sys
import time

from celery import Celery
from least import BROKER, post, row

app = Celery("bench", broker=BROKER)
app.conf.task_acks_late = True  # or what a worker that is killed was at is lost
app.conf.task_ignore_result = True


@app.task(autoretry_for=(Exception,), max_retries=3, default_retry_delay=1)
def deliver(body: dict[str, object]) -> None:
    post(body)


def main(count: int) -> None:
    print(time.time(), flush=True)
    for number in range(count):
        deliver.delay(row(number))


if __name__ == "__main__":
    import celery_side  # under the name that the worker knows its task by

    celery_side.main(int(sys.argv[1]))
