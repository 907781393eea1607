# ruff: noqa: E501 - sources in the language are shown as they are written
"""Precedence of policies, and the origin that the plan names."""

from __future__ import annotations

from typing import Any

from fql.plan.origin import FQL_TOML
from fqlc.checks.levels import Given
from fqlc.checks.model import Surroundings
from tests.lower.harness import ORDER, node, plan

TOML = Surroundings(
    policies={
        "timeout": Given(9_000, FQL_TOML),
        "retry.max_attempts": Given(9, FQL_TOML),
        "retry.jitter": Given("none", FQL_TOML),
        "signing.secret": Given(["${TOML_SECRET}"], FQL_TOML),
        "concurrency": Given(5, FQL_TOML),
        "batch.size": Given(50, FQL_TOML),
        "batch.timeout": Given(10_000, FQL_TOML),
    }
)


def policies(action: str, *, observer: str = "", endpoint: str = "", rest: str = "") -> Any:
    """The policies of an action that goes to an endpoint."""
    text = f"""{ORDER}
      endpoint shop {{ url: "https://shop.example.com", {endpoint} }}
      observer o {{ on: Order.insert, {observer}
        webhook a {{ endpoint: shop, body: {{ id }}, {action} }} }}
      {rest}"""
    return node(plan(text, TOML))["policies"]


def test_the_nearest_level_wins_key_by_key() -> None:
    found = policies(
        "retry: { max_attempts: 2 }",
        observer="retry: { backoff: fixed, max_attempts: 3 }",
        endpoint="retry: { initial_delay: 1s, backoff: linear }, timeout: 4s",
        rest="defaults { retry: { max_delay: 2s, initial_delay: 5s }, timeout: 8s }",
    )
    assert found["retry.max_attempts"] == {"value": 2, "origin": "action a"}
    assert found["retry.backoff"] == {"value": "fixed", "origin": "observer o"}
    assert found["retry.initial_delay"] == {"value": 1_000, "origin": "endpoint shop"}
    assert found["retry.max_delay"] == {"value": 2_000, "origin": "defaults"}
    assert found["retry.jitter"] == {"value": "none", "origin": "fql.toml"}
    assert found["timeout"] == {"value": 4_000, "origin": "endpoint shop"}


def test_null_returns_to_the_built_in_default() -> None:
    found = policies("timeout: null, retry: { max_attempts: null }, signing: null")
    assert found["timeout"] == {"value": 60_000, "origin": "action a"}
    assert found["retry.max_attempts"] == {"value": 3, "origin": "action a"}
    assert found["signing.secret"] == {"value": None, "origin": "action a"}


def test_a_named_policy_is_spread_and_overridden() -> None:
    found = policies(
        "retry: { ...patient, max_attempts: 7 }",
        rest="retry patient { max_attempts: 5, backoff: linear, initial_delay: 1s }",
    )
    assert found["retry.max_attempts"] == {"value": 7, "origin": "action a"}
    assert found["retry.backoff"] == {"value": "linear", "origin": "retry patient, in action a"}


def test_a_named_policy_of_an_endpoint_belongs_to_the_endpoint() -> None:
    """The runtime reads an endpoint's settings from the active plan and tells them by origin."""
    found = policies("", endpoint="retry: patient", rest="retry patient { max_attempts: 5 }")
    assert found["retry.max_attempts"] == {"value": 5, "origin": "retry patient, in endpoint shop"}


def test_limits_are_those_of_a_named_receiver_else_of_the_action() -> None:
    text = f"""{ORDER}
      endpoint shop {{ url: "https://shop.example.com", rate_limit: {{ max_per_second: 2.5, burst: 4 }} }}
      observer o {{ on: Order.insert
        webhook a {{ endpoint: shop, body: {{ id }} }}
        webhook b {{ url: "https://b.example.com", body: {{ id }} }} }}"""
    found = plan(text, TOML)
    assert found["limits"] == [
        {
            "endpoint": "shop",
            "policies": {
                "rate_limit.max_per_second": {"value": 2.5, "origin": "endpoint shop"},
                "rate_limit.burst": {"value": 4, "origin": "endpoint shop"},
                "concurrency": {"value": 5, "origin": "fql.toml"},
            },
        },
    ]
    assert "concurrency" not in node(found)["policies"]
    of_its_origin = node(found, action=1)["policies"]["concurrency"]
    assert of_its_origin == {"value": 5, "origin": "fql.toml"}


def test_the_batching_of_the_project_reaches_bodies_with_each_only() -> None:
    text = f"""{ORDER} observer o {{ on: Order.insert
      webhook a {{ url: "https://a.example.com", body: {{ rows: each {{ id }} }} }}
      webhook b {{ url: "https://b.example.com", body: {{ id }} }}
      webhook c {{ url: "https://c.example.com", body: each {{ id }}, batch: {{ size: 2, timeout: 1s }} }}
    }}"""
    found = plan(text.replace("rows: each", "rows: each"), TOML)
    assert node(found, action=0)["policies"]["batch.size"] == {"value": 50, "origin": "fql.toml"}
    assert "batch.size" not in node(found, action=1)["policies"]
    assert node(found, action=2)["policies"]["batch.size"] == {"value": 2, "origin": "action c"}


def test_headers_merge_by_name_without_case() -> None:
    text = f"""{ORDER}
      defaults {{ headers: {{ "X-One": "default", "X-Two": "default" }} }}
      endpoint shop {{ url: "https://shop.example.com", headers: {{ "x-one": "shop", "X-Drop": "y" }} }}
      observer o {{ on: Order.insert
        webhook a {{ endpoint: shop, body: {{ id }}, headers: {{ "X-TWO": "own", "X-Drop": null }} }}
        webhook b {{ url: "https://b.example.com", body: {{ id }} }} }}"""
    found = plan(text)
    shop = {h["name"]: h["value"]["value"] for h in found["endpoints"][0]["headers"]}
    own = {h["name"]: h["value"]["value"] for h in node(found)["config"]["headers"]}
    other = {h["name"]: h["value"]["value"] for h in node(found, action=1)["config"]["headers"]}
    assert shop == {"x-one": "shop", "X-Two": "default", "X-Drop": "y"}
    assert own == {"X-TWO": "own", "X-Drop": None}
    assert other == {"X-One": "default", "X-Two": "default"}


def test_no_headers_of_farther_levels() -> None:
    """`headers: null` drops those of observer, endpoint and defaults, as they stand farther off."""
    stored = plan(f"""{ORDER}
      defaults {{ headers: {{ "X-D": "d" }} }}
      endpoint shop {{ url: "https://shop.example.com", headers: {{ "X-E": "e" }} }}
      observer o {{ on: Order.insert, headers: {{ "X-O": "o" }}
        webhook a {{ endpoint: shop, body: {{ id }}, headers: null }}
        webhook b {{ url: "https://b.example.com", body: {{ id }}, headers: null }} }}
      observer p {{ on: Order.insert, headers: null
        webhook a {{ endpoint: shop, body: {{ id }}, headers: {{ "x-e": "mine" }} }} }}""")
    assert values(stored, "o", "a") == {"X-D": None, "X-E": None}
    assert values(stored, "o", "b") == {}
    assert values(stored, "p", "a") == {"x-e": "mine", "X-D": None}


def values(stored: Any, observer: str, action: str) -> dict[str, Any]:
    """The headers that an action adds to its endpoint's; None hides one."""
    (watching,) = (o for o in stored["observers"] if o["name"] == observer)
    (sending,) = (n for n in watching["nodes"] if n["name"] == action)
    return {h["name"]: h["value"]["value"] for h in sending["config"].get("headers", ())}
