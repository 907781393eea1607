"""What each key of retries, ages and limits changes, at every level that takes it: the engine's own
core on a virtual clock says when attempts are made."""

from __future__ import annotations

import pytest
from tests.settings.levels import OF_TOML, RECEIVING, SENDING, harness, order, program, times

from fql.testing.answers import Answer

EXACT = "jitter: none, initial_delay: 1s, max_delay: 1h, multiplier: 2"
BUSY: Answer = {"status": 429, "retry_after": 9_000}

RETRIES: dict[str, tuple[str, list[Answer], list[int]]] = {
    "max_attempts": (f"{EXACT}, max_attempts: 2", [503], [0, 1000]),
    "backoff": (
        f"{EXACT}, max_attempts: 4, backoff: linear", [503], [0, 1000, 3000, 6000]),
    "initial_delay": ("jitter: none, initial_delay: 2s, backoff: fixed", [503], [0, 2000, 4000]),
    "max_delay": (
        "jitter: none, initial_delay: 1s, max_attempts: 4, max_delay: 1500ms",
        [503], [0, 1000, 2500, 4000]),
    "multiplier": (f"{EXACT}, multiplier: 3", [503], [0, 1000, 4000]),
    "jitter": (f"{EXACT}, jitter: equal", [503], [0, 500, 1500]),
    "retry_on": (f"{EXACT}, retry_on: [418]", [418], [0, 1000, 3000]),
    "dont_retry_on": (f"{EXACT}, dont_retry_on: [507]", [507], [0]),
    "retry_after_max": (f"{EXACT}, max_attempts: 2, retry_after_max: 4s", [BUSY], [0, 4000]),
    "max_elapsed": (f"{EXACT}, max_attempts: 9, max_elapsed: 4s", [503], [0, 1000, 3000]),
}  # fmt: skip
"""Key of `retry`: a policy, what the receiver answers, and when attempts are made (with a chance
of 0, so that jitter shows)."""


@pytest.mark.parametrize("key", RETRIES)
@pytest.mark.parametrize("level", [*OF_TOML, "retry"])
def test_retry_key(level: str, key: str) -> None:
    """Inline at each level, and in a `retry` block used by name."""
    policy, answers, expected = RETRIES[key]
    policy = without_doubles(policy)
    text = (
        program("observer", "retry: named", named=policy)
        if level == "retry"
        else program(level, f"retry: {{ {policy} }}")
    )
    assert times(harness(text, *answers, chance=0.0)) == expected


def without_doubles(policy: str) -> str:
    """Where a case sets a key of `EXACT` anew, the later one counts."""
    pairs = dict(part.split(": ", 1) for part in policy.split(", "))
    return ", ".join(f"{name}: {value}" for name, value in pairs.items())


@pytest.mark.parametrize("level", SENDING)
def test_retry_by_name(level: str) -> None:
    text = program(level, "retry: named", named="max_attempts: 2, jitter: none")
    assert times(harness(text, 503)) == [0, 100]


def test_without_a_policy_the_defaults_hold() -> None:
    """100 ms and 250 ms, spread over their length."""
    assert times(harness(program("webhook", ""), 503), 1) == [0, 99, 348]


@pytest.mark.parametrize("level", OF_TOML)
def test_max_age(level: str) -> None:
    """An event of an hour ago is too old to be told of; it is dead, not forgotten."""
    played = harness(program(level, "max_age: 10m"))
    now = "2026-01-01T00:00:00Z"
    ago = "2025-12-31T23:00:00Z"
    result = (
        played.emit("Order.insert", new=order(1), timestamp=now)
        .emit("Order.insert", new=order(2), timestamp=ago)
        .run()
    )
    assert [one.request["body"]["id"] for one in result.attempts] == ["o1"]
    assert [letter.error_class for letter in result.letters] == ["expired"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("max_per_second: 2", [0, 0, 501]),
        ("max_per_second: 2, burst: 1", [0, 501, 1001]),
        ("max_per_second: 10, burst: 3", [0, 0, 0]),
    ],
)
@pytest.mark.parametrize("level", RECEIVING)
def test_rate_limit(level: str, policy: str, expected: list[int]) -> None:
    """A bucket of `burst` tokens; without `burst` it holds those of one second, but for
    `fql.toml`, whose `burst` is 200."""
    if level == "fql.toml" and "burst" not in policy:
        expected = [0, 0, 0]
    played = harness(program(level, f"rate_limit: {{ {policy} }}"))
    found = times(played, 1, 2, 3)
    assert all(abs(at - wanted) <= 2 for at, wanted in zip(found, expected, strict=True)), found


RETRY = "retry: { jitter: none, backoff: fixed, initial_delay: 10ms, max_attempts: 9 }"


@pytest.mark.parametrize(
    ("policy", "events", "expected"),
    [
        ("failures: 2, open_for: 5s", (1, 2), [0, 0, 5000]),
        ("failures: 1, open_for: 5s", (1,), [0, 5000, 10_000]),
        ("failures: 2, open_for: 7s", (1, 2), [0, 0, 7000]),
        ("failures: 2, open_for: 5s", (1,), [0, 10, 20]),
    ],
)
@pytest.mark.parametrize("level", RECEIVING)
def test_circuit(level: str, policy: str, events: tuple[int, ...], expected: list[int]) -> None:
    """Failures in a row open it, each work counts once; then nothing is tried until `open_for` is
    over."""
    text = program(level, f"circuit: {{ {policy} }} {RETRY}")
    assert times(harness(text, 503, 503, 503, 200), *events)[:3] == expected


@pytest.mark.parametrize("probes", [1, 2])
@pytest.mark.parametrize("level", RECEIVING)
def test_circuit_probes(level: str, probes: int) -> None:
    """While it is half open, so many at once."""
    circuit = f"circuit: {{ failures: 2, open_for: 5s, probes: {probes} }}"
    found = times(harness(program(level, f"{circuit} {RETRY}"), 503), 1, 2, 3, 4)
    assert found.count(5000) == probes


BATCHES = pytest.mark.parametrize("level", ["webhook", "fql.toml"])


@BATCHES
def test_batch_size(level: str) -> None:
    text = program(level, "batch: { size: 2, timeout: 1m }", body="body: { all: each { id } }")
    assert times(harness(text), 1, 2, 3, 4) == [0, 0]


@BATCHES
def test_batch_timeout(level: str) -> None:
    """The first event waits no longer, however few there are."""
    text = program(level, "batch: { size: 10, timeout: 5s }", body="body: { all: each { id } }")
    played = harness(text)
    began = played.clock.now()
    assert times(played, 1, 2) == [0]
    assert played.clock.now() - began == 5000
