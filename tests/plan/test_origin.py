"""Where policies come from, and which ones an action goes by."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fql.plan.model import Plan
from fql.plan.origin import Level, Origin, parse_origin
from fql.plan.policies import effective
from fql.plan.stored.codec import read_plan
from fqlc import compile_text

SLOW = settings(suppress_health_check=[HealthCheck.too_slow])
"""Each draw is a compile."""
REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
NAMED = st.builds(Origin, st.sampled_from(["action", "observer", "endpoint"]), NAMES, NAMES)
BARE = st.builds(Origin, st.sampled_from(["defaults", "fql.toml", "default"]), st.just(""))


@given(NAMED | BARE)
def test_an_origin_is_read_back(origin: Origin) -> None:
    assert parse_origin(str(origin)) == origin


@pytest.mark.parametrize("text", ["", "x", "action", "endpoint a b", "retry a, in ", "default "])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not the origin"):
        parse_origin(text)


def test_a_plan_of_before_names_the_policy_only() -> None:
    assert parse_origin("retry patient").nearer_than_endpoint


PROGRAM = """
entity Order {{ id: ID @key }}
retry patient {{ max_attempts: 7 }}
defaults {{ {defaults} }}
endpoint e {{ url: "https://a.example" {endpoint} }}
observer o {{
  on: Order.insert
  {observer}
  webhook a {{ endpoint: e {action} }}
}}
"""
CHOICES = {
    "retry": "retry: {{ max_attempts: {n} }}", "named": "retry: patient",
    "timeout": "timeout: {n}s",
    "max": "max_response: {n}KB", "auth": 'auth: {{ type: bearer, token: "${{TOKEN_{n}}}" }}',
    "basic": 'auth: {{ type: basic, username: "u{n}", password: "${{PASSWORD}}" }}',
    "no_auth": "auth: null",
    "nothing": "",
}  # fmt: skip
LEVELS = ("defaults", "endpoint", "observer", "action")


def plan_with(**levels: str) -> Plan:
    done = compile_text(PROGRAM.format(**{**dict.fromkeys(LEVELS, ""), **levels}))
    assert done.plan is not None, done.diagnostics
    return read_plan(done.plan)


@st.composite
def programs(draw: st.DrawFn) -> Plan:
    texts = {}
    for number, level in enumerate(LEVELS, 1):
        picked = draw(st.sets(st.sampled_from(sorted(CHOICES)), max_size=2))
        picked -= {"named"} if "retry" in picked else set()
        for twice in ({"auth", "basic"}, {"auth", "no_auth"}, {"basic", "no_auth"}):
            if twice <= picked:
                picked -= {min(twice)}
        texts[level] = " ".join(CHOICES[each].format(n=number) for each in sorted(picked))
    return plan_with(**texts)


@SLOW
@given(programs())
def test_with_the_endpoint_of_its_own_plan_nothing_changes(plan: Plan) -> None:
    """What the compiler merged and what the runtime decides is the same, for every key."""
    [node], [endpoint] = plan.observers[0].nodes, plan.endpoints
    found = effective(node, endpoint)
    assert {key: s.value for key, s in found.items()} == {
        key: s.value for key, s in node.policies.items()
    }


@SLOW
@given(programs(), programs())
def test_after_a_reload_the_nearer_level_wins_for_every_key(then: Plan, now: Plan) -> None:
    """An open run of an earlier plan keeps what its action and observer say; everything else is
    as for a new run whose action and observer say nothing."""
    [node], [endpoint] = then.observers[0].nodes, now.endpoints
    near = {k: s for k, s in node.policies.items() if s.origin.nearer_than_endpoint}
    for key, setting in effective(node, endpoint).items():
        if key in near:
            assert setting == near[key]
        else:
            assert setting == endpoint.policies[key]
            assert not (key.startswith("auth.") and "auth.type" in near)


def test_defaults_of_then_never_hide_an_endpoint_of_now() -> None:
    """The case of the report: half of the keys followed the reload."""
    then = plan_with(defaults="timeout: 5s max_response: 2MB retry: patient")
    now = plan_with(
        defaults="timeout: 5s max_response: 2MB retry: patient",
        endpoint="timeout: 1s max_response: 64KB retry: { max_attempts: 9 }",
    )
    found = effective(then.observers[0].nodes[0], now.endpoints[0])
    assert [found[k].value for k in ("timeout", "max_response", "retry.max_attempts")] == [
        1000, 64_000, 9,
    ]  # fmt: skip


def test_a_named_policy_says_where_it_is_used() -> None:
    plan = plan_with(defaults="retry: patient")
    setting = plan.observers[0].nodes[0].policies["retry.max_attempts"]
    assert str(setting.origin) == "retry patient, in defaults"


def test_what_is_nearer_than_an_endpoint_is_what_stands_before_it() -> None:
    """And both pages of the reference give the levels in this order."""
    levels = get_args(Level)
    assert [level for level in levels if Origin(level, "x").nearer_than_endpoint] == [
        "action", "observer", "retry",
    ]  # fmt: skip
    order = ".*".join(
        [*(f"{level}" for level in levels[:-1] if level != "retry"), "built-in default"]
    )
    for name in ("keys.md", "settings.md"):
        text = (REFERENCE / name).read_text("utf-8")
        sentence = next(part for part in text.split(".\n") if "built-in default" in part)
        assert re.search(order, sentence, re.DOTALL), name
