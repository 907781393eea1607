"""Orders of a shop: each worker of gunicorn has a runtime, one of them is the engine.

gunicorn app:app        (reads gunicorn.conf.py and plan.json: fqlc compile orders.fql -o plan.json)
"""

import os

from flask import Flask, current_app, request

app = Flask(__name__)


@app.post("/orders")
def place() -> tuple[dict[str, str], int]:
    """Durable when it returns; a repeated call places the order once."""
    order = request.get_json()
    new = {"id": order["id"], "total": order["total"]}
    runtime = current_app.extensions["fql"]
    receipt = runtime.emit("Order.insert", new=new, key=f"placed {order['id']}")
    return {"event": receipt.id}, 201


@app.get("/engine")
def engine() -> dict[str, object]:
    """Which process answers, and whether it is the engine."""
    return {"process": os.getpid(), "leads": current_app.extensions["fql"].leads}
