"""The conformance suite of further kinds of actions: what the engine relies on, tried on one kind.

async def test_my_kind() -> None:
    await check_kind(SmsKind(), {"to": "+49...", "text": "hello"}, environment={"KEY": "k"})
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Mapping

from fql.actions.calls.kind import ActionKind, KindNode, misfits
from fql.actions.calls.raised import Permanent, Retry
from fql.actions.port import FAILURES, Delivery, Outcome
from fql.plan.verifying.messages import FUNCTION

GRACE = 1.0
"""Seconds within which a cancelled `send` has ended."""


async def check_kind(
    kind: ActionKind,
    arguments: Mapping[str, object],
    *,
    environment: Mapping[str, str] | None = None,
) -> Outcome:
    """Try a kind with arguments that are whole; its receiver is called twice, with one key. Gives
    the outcome of the first attempt. Raises AssertionError with the rule that is broken."""
    _held(isinstance(kind, ActionKind), "it has name, schema, check, prepare and send")
    _declared(kind)
    node = KindNode("conformance", dict(arguments))
    _checked(kind, node)
    before = copy.deepcopy(dict(arguments))
    first = await _attempt(kind, node, environment or {}, 1)
    await _attempt(kind, node, environment or {}, 2)
    _held(dict(node.arguments) == before, "prepare and send leave the arguments as they are")
    await _cancelled(kind, node, environment or {})
    return first


def _held(holds: object, rule: str) -> None:
    if not holds:
        raise AssertionError(rule)


def _declared(kind: ActionKind) -> None:
    _held(FUNCTION.fullmatch(kind.name), f"{kind.name!r} is not a name such as `sms.send`")
    for name, required in kind.schema.items():
        _held(name.isidentifier(), f"{name!r} of the schema cannot be the name of an argument")
        _held(isinstance(required, bool), f"the schema says of {name} whether it is required")


def _checked(kind: ActionKind, node: KindNode) -> None:
    names = KindNode(node.action, dict.fromkeys(node.arguments))
    found = misfits(kind, "this", names)
    _held(not found, f"the arguments are whole, but check finds {found}")
    _held(list(kind.check(names)) == list(kind.check(names)), "check says the same each time")


async def _attempt(
    kind: ActionKind, node: KindNode, environment: Mapping[str, str], number: int
) -> Outcome:
    delivery = Delivery("0" * 32, "conformance", node.action, "run_1", number)
    try:
        outcome = await kind.send(kind.prepare(node, environment), delivery)
    except Retry as asked:
        return Outcome(failure="retry", error=str(asked))
    except Permanent as asked:
        return Outcome(failure="permanent", error=str(asked))
    _held(isinstance(outcome, Outcome), "send gives an Outcome")
    known = outcome.failure is None or outcome.failure in FAILURES
    _held(known, f"there is no failure {outcome.failure!r}")
    return outcome


async def _cancelled(kind: ActionKind, node: KindNode, environment: Mapping[str, str]) -> None:
    """Past its timeout an attempt is cancelled: it ends, and swallows nothing."""
    delivery = Delivery("0" * 32, "conformance", node.action, "run_1", 3)
    task = asyncio.ensure_future(_attempt_of(kind, node, environment, delivery))
    await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=GRACE)
    _held(done, f"a cancelled send ends within {GRACE:g} s")


async def _attempt_of(
    kind: ActionKind, node: KindNode, environment: Mapping[str, str], delivery: Delivery
) -> Outcome:
    return await kind.send(kind.prepare(node, environment), delivery)
