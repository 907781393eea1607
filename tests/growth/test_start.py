"""A start pays for what events concern, and still refuses what cannot be carried out here."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType

import pytest

from fql.actions.port import Action
from fql.actions.requests.factory import WebhookActions
from fql.engine.program.build import build_program
from fql.engine.program.model import Program
from fql.errors import SettingsError
from fql.plan.language import expressions as x
from fql.plan.model import Endpoint, Plan, PlanNode
from fql.plan.stored.codec import write_plan
from fql.testing import MockWebhookServer
from tests.app.plans import plan_of
from tests.growth.plans import country_is, sized

SECRET = "whsec_" + "A" * 44


class Counting:
    """The webhooks of a plan, counted as they are made."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self._webhooks = WebhookActions()

    def __call__(
        self, plan: Plan, node: PlanNode, endpoint: Endpoint | None, environment: Mapping[str, str]
    ) -> Action:
        self.made.append(node.name)
        return self._webhooks(plan, node, endpoint, environment)


def built(plan: Plan, environment: Mapping[str, str] | None = None) -> tuple[Program, Counting]:
    actions = Counting()
    return build_program(plan, environment or {}, actions), actions


def calls(work: Callable[[], object]) -> int:
    """How many functions of ours a piece of work calls: the same on every machine."""
    found: Counter[str] = Counter()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            found[frame.f_globals.get("__name__", "").partition(".")[0]] += 1

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return found["fql"]


def test_actions_that_agree_about_the_place_are_made_at_their_first_use() -> None:
    program, actions = built(sized(50))
    assert len(actions.made) == 1
    assert len(program.observers) == 50
    spec = program.observers["o7"]
    assert program.observers["o7"] is spec
    assert len(actions.made) == 2
    assert spec.nodes[0].endpoint == "https://a.example.com:443"
    assert list(program.receivers) == ["https://a.example.com:443"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"S1": SECRET, "HOST": "not a host"}, "the url cannot be used"),
        ({"S1": "whsec_!", "HOST": "b.example.com"}, "signing"),
    ],
)
def test_what_the_place_makes_impossible_is_refused_at_the_start(
    values: Mapping[str, str], said: str
) -> None:
    """Whichever action it is."""

    def url(number: int) -> tuple[x.TextPart, ...]:
        return ("https://", x.Environment("HOST"), "/x") if number == 39 else ("https://a.eu/x",)

    plan = sized(40, url=url, secret=lambda number: "S1" if number == 38 else "S0")
    environment = {"S0": SECRET, **values}
    with pytest.raises(SettingsError) as refused:
        built(plan, environment)
    assert said in refused.value.message
    program, actions = built(plan, {"S0": SECRET, "S1": SECRET, "HOST": "b.example.com"})
    assert len(actions.made) == 3
    assert "https://b.example.com:443" in program.receivers


def test_a_start_makes_in_proportion_to_what_differs() -> None:
    """Calls of our own functions for each observer that is not used: a handful of them."""
    small, large = sized(50, when=country_is), sized(450, when=country_is)
    more = calls(lambda: built(large)) - calls(lambda: built(small))
    assert more / 400 < MOST_CALLS


MOST_CALLS = 80
"""For one more observer with a condition, a webhook and a body of five fields."""


STARTS = """
import asyncio, sys
import fql

async def main(plan, url):
    environment = {"RECEIVER": url}
    settings = fql.load_settings(sys.argv[3])
    store = f"sqlite:///{sys.argv[4]}"
    async with fql.Runtime(fql.load_plan(plan), store=store, settings=settings,
                           environment=environment) as runtime:
        await runtime.emit("Order.insert", new={"id": "1", "status": "new", "total": "100"})
        await runtime.until_idle()
        print(*sys.modules)

asyncio.run(main(*sys.argv[1:3]))
"""
MOST_MODULES = 306
"""Of ours, until the first delivery is over. Each costs a millisecond or two."""


def test_until_the_first_delivery_little_is_imported(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    """Capture, conditions as SQL, NATS, PostgreSQL, encryption are for those who have them."""
    (tmp_path / "plan.json").write_bytes(write_plan(plan_of()))
    (tmp_path / "fql.toml").write_text('[egress]\nallow = ["127.0.0.0/8"]\n')
    parts = [tmp_path / "plan.json", webhook_server.url, tmp_path / "fql.toml", tmp_path / "s.db"]
    ran = subprocess.run(
        [sys.executable, "-c", STARTS, *map(str, parts)], capture_output=True, text=True, check=True
    )
    assert webhook_server.call_count == 1
    names = ran.stdout.split()
    unneeded = ("fql.sql", "fql.outbox.sqlite.capture", "fql.intake.sqlite", "psycopg", "nats",
                "fql.intake.json_lines", "fql.outbox.postgresql", "jinja2", "lark", "cryptography",
                "fql.testing")  # fmt: skip
    assert [name for name in names if name.startswith(unneeded)] == []
    assert len([name for name in names if name.partition(".")[0] == "fql"]) <= MOST_MODULES
