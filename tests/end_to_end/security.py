"""What the tests of security share: from the text of a program and of `fql.toml` to a receiver."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fql.app import Runtime
from fql.plan.model import Plan
from fql.plan.origin import FQL_TOML
from fql.plan.stored.codec import read_plan
from fql.plan.web.addresses import EgressSettings
from fql.settings.reading import policy_settings, read_settings
from fql.store.shown import DeadLetter
from fqlc.checks.levels import Given
from fqlc.checks.model import Surroundings
from fqlc.pipeline import check_project, plan_of

LOOPBACK = '[egress]\nallow = ["127.0.0.0/8", "::1/128"]\n'
ENTITY = "entity Order { id: ID @key  note: String  email: String }\n"
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
"""32 bytes: 0 to 31."""


def program(action: str, rest: str = "") -> str:
    """A program of one observer; `action` is what stands inside of it."""
    return f"{ENTITY}{rest}\nobserver placed {{ on: Order.insert  {action} }}\n"


def compiled(text: str, settings: str = LOOPBACK) -> Plan:
    """The plan of a program under the text of a `fql.toml`."""
    read = read_settings(settings)
    policies = {key: Given(value, FQL_TOML) for key, value in policy_settings(read).items()}
    egress = EgressSettings(read.egress.allow, read.egress.ports)
    around = Surroundings(policies, egress)
    checked = check_project(["shop.fql"], {"shop.fql": text.encode()}.get, around)
    plan = plan_of(checked)
    assert plan is not None, checked.diagnostics
    return read_plan(plan)


@asynccontextmanager
async def running(
    text: str, environment: Mapping[str, str] | None = None, settings: str = LOOPBACK, *,
    compile_settings: str | None = None, store: str = "memory:",
) -> AsyncIterator[Runtime]:  # fmt: skip
    """A runtime of a program. `compile_settings`: the compiler saw another `fql.toml`."""
    plan = compiled(text, settings if compile_settings is None else compile_settings)
    runtime = Runtime(
        plan, store=store, settings=read_settings(settings), environment=environment or {}
    )
    async with runtime:
        yield runtime


async def emit(
    runtime: Runtime, note: str = "hello", *, key: str = "o1", email: str = "a@b.example"
) -> tuple[dict[str, str], list[DeadLetter]]:
    """Insert one order and wait for its end: states of its runs, and all dead letters."""
    receipt = await runtime.emit("Order.insert", new={"id": key, "note": note, "email": email})
    ended = await runtime.wait(receipt, 30)
    return dict(ended.states), await runtime.client.dead_letters()


async def deliver(
    text: str, environment: Mapping[str, str] | None = None, settings: str = LOOPBACK,
    note: str = "hello",
) -> list[DeadLetter]:  # fmt: skip
    """Insert one order under a program; the dead letters it left."""
    async with running(text, environment, settings) as runtime:
        _, letters = await emit(runtime, note)
    return letters
