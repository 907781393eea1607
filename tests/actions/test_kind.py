"""Further kinds of actions: of an entry point or of the application, on a real engine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from fql import Runtime, SettingsError
from fql.actions import ActionKind, Delivery, KindNode, Outcome, Permanent
from fql.plan.model import Plan
from fql.testing.kinds import check_kind
from tests.app.plans import plan_of

ENTITY = "type Sent { number: Int } entity Order { id: ID @key  total: Decimal }"
SENT: list[tuple[str, object]] = []


class Sms:
    """A kind as a package would write it."""

    name = "sms.send"
    schema: Mapping[str, bool] = {"to": True, "text": False}

    def check(self, node: KindNode) -> Sequence[str]:
        return ["text is better than nothing"] if "text" not in node.arguments else []

    def prepare(self, node: KindNode, environment: Mapping[str, str]) -> object:
        return (node.arguments["to"], environment["SMS_KEY"])

    async def send(self, prepared: object, delivery: Delivery) -> Outcome:
        assert isinstance(prepared, tuple)
        to, key = prepared
        SENT.append((delivery.key, to))
        if to == "nobody":
            raise Permanent(f"no such number for {key}")
        if to == "slow":
            await asyncio.sleep(30)
        if to == "odd":
            return Outcome(failure="sunspots", error=f"{key}")  # type: ignore[arg-type]
        return Outcome(answer={"number": 7})


def brought(folder: Path, what: str) -> None:
    """The files of an installed package that names this as its kind."""
    folder.mkdir(exist_ok=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: sms-kind\nVersion: 1.0\n")
    point = f"[fql.actions]\nsms.send = tests.actions.test_kind:{what}\n"
    (folder / "entry_points.txt").write_text(point)


def texting(to: str = '"{{ id }}"', more: str = 'text: "hello"', keys: str = "") -> Plan:
    text = f"""observer o {{ on: Order.insert  retry: {{ initial_delay: 1ms }}
      call sms {{ function: sms.send arguments: {{ to: {to} {more} }} response: Sent {keys} }}
      call after {{ function: after arguments: {{ number: sms.response.number }} }} }}"""
    return plan_of(text, entity=ENTITY)


async def run(plan: Plan, calls: Mapping[str, ActionKind]) -> tuple[list[str], list[int]]:
    """The reasons of dead letters, and the answers that came to the next action."""
    numbers: list[int] = []
    given = {"after": lambda number: numbers.append(int(number))}
    runtime = Runtime(
        plan,
        store="memory:",
        environment={"SMS_KEY": "s3cret-token-9"},
        calls={**given, **calls},
    )
    async with runtime:
        await runtime.emit("Order.insert", new={"id": "o1", "total": "1"})
        await runtime.until_idle(10)
        return [one.reason for one in await runtime.client.dead_letters()], numbers


async def test_a_kind_that_the_application_gives() -> None:
    assert await run(texting(), {"sms.send": Sms()}) == ([], [7])


async def test_a_kind_that_a_package_brings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found by its entry point, as of any installed package."""
    info = tmp_path / "sms_kind-1.0.dist-info"
    brought(info, "Sms")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert await run(texting(), {}) == ([], [7])
    brought(info, "SENT")
    with pytest.raises(SettingsError, match="is not a kind of action"):
        await run(texting(), {})
    brought(info, "NONE")
    with pytest.raises(SettingsError, match="cannot be loaded: AttributeError"):
        await run(texting(), {})


@pytest.mark.parametrize(("plan", "said"), [
    (texting(more=""), "text is better than nothing (action o.sms)"),
    (texting(more="text: id, urgent: true"), "sms.send has no argument urgent (action o.sms)"),
    (plan_of("observer o { on: Order.insert call a { function: sms.send } }", entity=ENTITY),
     "sms.send needs to, which action o.a does not give"),
])  # fmt: skip
async def test_what_a_kind_does_not_take_is_said_at_the_start(plan: Plan, said: str) -> None:
    with pytest.raises(SettingsError) as found:
        await run(plan, {"sms.send": Sms()})
    assert said in found.value.message


@pytest.mark.parametrize(("to", "keys", "reason"), [
    ('"nobody"', "", "permanent: no such number for ***"),
    ('"slow"', "timeout: 20ms", "timeout: sms.send did not end in time (attempt 3 of 3)"),
    ('"odd"', "", "raised: *** (attempt 3 of 3)"),
])  # fmt: skip
async def test_how_an_attempt_fails(to: str, keys: str, reason: str) -> None:
    SENT.clear()
    assert await run(texting(to, keys=keys), {"sms.send": Sms()}) == ([reason], [])
    assert len({key for key, _ in SENT}) == 1


class Silent(Sms):
    async def send(self, prepared: object, delivery: Delivery) -> Outcome:
        return None  # type: ignore[return-value]


class Stubborn(Sms):
    async def send(self, prepared: object, delivery: Delivery) -> Outcome:
        for _ in range(3 if delivery.attempt > 2 else 0):
            try:
                await asyncio.sleep(2)
            except asyncio.CancelledError:
                continue
        return Outcome()


class Meddling(Sms):
    def prepare(self, node: KindNode, environment: Mapping[str, str]) -> object:
        node.arguments["text"].append("more")  # type: ignore[attr-defined]
        return super().prepare(node, environment)


class Misnamed(Sms):
    name = "SMS"


async def test_the_suite_passes_what_conforms() -> None:
    outcome = await check_kind(Sms(), {"to": "1", "text": "x"}, environment={"SMS_KEY": "k"})
    assert outcome.answer == {"number": 7}


@pytest.mark.parametrize(("kind", "said"), [
    (Silent(), "send gives an Outcome"), (Stubborn(), "a cancelled send ends"),
    (Meddling(), "leave the arguments"), (Misnamed(), "is not a name"),
    (object(), "it has name, schema"),
])  # fmt: skip
async def test_the_suite_finds_what_does_not(kind: Any, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        await check_kind(kind, {"to": "1", "text": ["x"]}, environment={"SMS_KEY": "k"})
