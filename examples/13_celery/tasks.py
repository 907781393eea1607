"""Orders of a shop, placed by tasks. The engine is a process of its own: `fqlc run plan.json`.

celery -A tasks worker        (the broker is a folder here; yours is Redis, RabbitMQ or SQS)
"""

import asyncio
from pathlib import Path

from celery import Celery, Task

from fql import open_client

BROKER = Path("broker")
for folder in ("queue", "control"):
    (BROKER / folder).mkdir(parents=True, exist_ok=True)

app = Celery("tasks", broker="filesystem://")
app.conf.update(
    broker_transport_options={
        "data_folder_in": str(BROKER / "queue"),
        "data_folder_out": str(BROKER / "queue"),
        "control_folder": str(BROKER / "control"),
    },
    task_acks_late=True,
    task_reject_on_worker_lost=True,
)


async def emit(order: str, total: str, key: str) -> None:
    """Hand the event to the engine of this store; durable when it returns."""
    async with open_client("sqlite:///fql.db") as client:
        new = {"id": order, "total": total}
        await client.emit({"entity": "Order", "event": "insert", "new": new, "key": key})


@app.task(bind=True, max_retries=3)
def place(self: Task, order: str, total: str) -> None:
    """A task that is run again, for whatever reason, has the same id: the order is sent once."""
    asyncio.run(emit(order, total, key=self.request.id))
    if self.request.retries == 0:
        raise self.retry(countdown=0)  # as if something had failed after the event was handed over
