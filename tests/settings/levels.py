"""Programs with a policy at one level, played on the engine with a receiver or without one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fql.app import Runtime
from fql.plan.model import Plan
from fql.plan.origin import FQL_TOML
from fql.plan.stored.codec import read_plan
from fql.settings.reading import policy_settings, read_settings
from fql.store.shown import DeadLetter
from fql.testing.answers import Answer
from fql.testing.harness import Harness
from fql.testing.server import MockWebhookServer
from fqlc.checks.levels import Given
from fqlc.checks.model import Surroundings
from fqlc.pipeline import check_project, plan_of

SENDING = ("webhook", "observer", "endpoint", "defaults")
"""Levels that take the policies of sending."""
RECEIVING = ("endpoint", "defaults", "fql.toml")
"""Levels that take the policies of a receiver."""
OF_TOML = (*SENDING, "fql.toml")
"""Levels of the policies that `fql.toml` has as well."""

PROGRAM = """
type Answer {{ ok: Boolean }}
entity Order {{ id: ID @key  status: String  total: Decimal?  email: String? }}
retry named {{ {named} }}
endpoint shop {{ url: "${{RECEIVER}}" {endpoint} }}
{defaults}
observer placed {{
  on: Order.insert
  {observer}
  webhook tell {{ endpoint: shop path: "/orders" {body} {webhook} }}
}}
"""
BODY = "body: { id, email }"


@dataclass(frozen=True)
class Program:
    """A source, and the `fql.toml` beside it."""

    text: str
    toml: str = ""


def program(level: str, policy: str, *, body: str = BODY, named: str = "") -> Program:
    """One webhook, with the policy at that level."""
    places = dict.fromkeys(("endpoint", "observer", "webhook", "defaults"), "")
    if level in places:
        places[level] = policy if level != "defaults" else f"defaults {{ {policy} }}"
    text = PROGRAM.format(**places, body=body, named=named or "max_attempts: 3")
    return Program(text, to_toml(policy) if level == "fql.toml" else "")


TOKEN = re.compile(r'"[^"]*"|\[[^\]]*\]|[{}]|[^\s,:{}]+')
TABLES = {"rate_limit": "rate_limiting", "batch": "batching", "size": "batch_size"}
AS_IT_IS = re.compile(r'[\d.]+|true|false|".*"|\[.*\]')


def to_toml(policy: str) -> str:
    """A policy as written in a block, in the words of `fql.toml`."""
    table, plain, nested = "", "[webhooks]\n", ""
    tokens = iter(TOKEN.findall(policy))
    for name in tokens:
        if name == "}":
            table = ""
            continue
        value = next(tokens)
        if value == "{":
            table = TABLES.get(name, name)
            nested += f"[webhooks.{table}]\n"
            continue
        shown = value if AS_IT_IS.fullmatch(value) else f'"{value}"'
        line = f"{TABLES.get(name, name)} = {shown}\n"
        plain, nested = (plain, nested + line) if table else (plain + line, nested)
    return plain + nested


def compiled(program: Program) -> Plan:
    """The plan, or the reports."""
    policies = policy_settings(read_settings(program.toml))
    given = {key: Given(value, FQL_TOML) for key, value in policies.items()}
    checked = check_project(("a.fql",), lambda _path: program.text.encode(), Surroundings(given))
    data = plan_of(checked)
    assert data is not None, [found.message for found in checked.diagnostics]
    return read_plan(data)


def harness(program: Program, *answers: Answer, chance: float = 0.999) -> Harness:
    """The core on a virtual clock; the receiver answers like this, the last one for ever."""
    given = {"tell": list(answers)} if answers else {}
    return Harness(compiled(program), answers=given, chance=lambda: chance)


def order(number: int, **changes: object) -> dict[str, object]:
    """A new row."""
    return {"id": f"o{number}", "status": "new", "email": "a@b.c", **changes}


def times(played: Harness, *numbers: int) -> list[int]:
    """When each attempt was made, in milliseconds from the first."""
    for number in numbers or (1,):
        played.emit("Order.insert", new=order(number))
    found = [one.at for one in played.run().attempts]
    return [at - found[0] for at in found]


async def sent(
    server: MockWebhookServer,
    program: Program,
    *numbers: int,
    environment: Mapping[str, str] | None = None,
    settings: str = "",
) -> list[DeadLetter]:
    """Real requests for these orders, until all has ended; the dead letters."""
    async with Runtime(
        compiled(program),
        store="memory:",
        settings=read_settings('[egress]\nallow = ["127.0.0.0/8"]\n' + settings),
        environment={"RECEIVER": server.url, **(environment or {})},
        listeners=(),
    ) as running:
        for number in numbers or (1,):
            await running.emit("Order.insert", new=order(number))
        await running.until_idle(10)
        return await running.client.dead_letters()
