"""A FastAPI application that is its own fql engine, with an HTTP intake for other programs.

uvicorn app:app        (needs shop.plan.json: fqlc compile shop.fql -o shop.plan.json)
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

from fastapi import FastAPI
from pydantic import BaseModel

from fql import Runtime, load_plan, load_settings


class Order(BaseModel):
    """What a customer sends."""

    id: str
    total: Decimal


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """The engine starts before the first request and drains after the last one."""
    async with Runtime(load_plan("shop.plan.json"), settings=load_settings("fql.toml")) as runtime:
        app.state.runtime = runtime
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/orders", status_code=201)
async def place(order: Order) -> dict[str, str]:
    """A new order. It is durable when this returns, and a repeated call places it once."""
    new = {"id": order.id, "status": "new", "total": str(order.total)}
    receipt = await app.state.runtime.emit("Order.insert", new=new, key=f"placed {order.id}")
    return {"event": receipt.id}
