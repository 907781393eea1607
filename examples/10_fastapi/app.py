"""Orders of a shop: each worker has a runtime, one of them is the engine.

uvicorn app:app --workers 2        (needs plan.json: fqlc compile orders.fql -o plan.json)
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

from fastapi import FastAPI
from pydantic import BaseModel

from fql import Runtime, load_plan


class Order(BaseModel):
    """What a customer sends."""

    id: str
    total: Decimal


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """The runtime starts before the first request and drains after the last one."""
    async with Runtime(load_plan("plan.json"), settings="fql.toml") as runtime:
        app.state.runtime = runtime
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/orders", status_code=201)
async def place(order: Order) -> dict[str, str]:
    """Durable when it returns; a repeated call places the order once."""
    new = {"id": order.id, "total": str(order.total)}
    receipt = await app.state.runtime.emit("Order.insert", new=new, key=f"placed {order.id}")
    return {"event": receipt.id}


@app.get("/engine")
async def engine() -> dict[str, object]:
    """Which process answers, and whether it is the engine."""
    return {"process": os.getpid(), "leads": app.state.runtime.leads}
