"""`fql.toml` in, settings or all of its problems out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

import pytest

from fql.errors import MissingSecrets, SettingsError
from fql.plan.policy.keys import Key
from fql.settings.environment import resolve
from fql.settings.reading import (
    Settings,
    SettingsFileError,
    policy_settings,
    read_settings,
)
from fqlc.checks.table.blocks import DEFAULTS

MISSION = """
[webhooks]
timeout = "60s"
[webhooks.retry]
max_attempts = 3
backoff = "exponential"
initial_delay = "100ms"
max_delay = "5s"
retry_on = [408, 429, 500, 502, 503, 504]
dont_retry_on = [400, 401, 403, 404, 422]
[webhooks.dlq]
enabled = true
table = "webhook_dlq"
retention = "7d"
max_size = "10GB"
[webhooks.signing]
enabled = true
algorithm = "sha256"
secret = "${WEBHOOK_SECRET}"
header = "X-FraiseQL-Signature"
timestamp_header = "X-FraiseQL-Timestamp"
[webhooks.batching]
enabled = true
batch_size = 50
timeout = "10s"
[webhooks.dispatch]
async = true
timeout = "30s"
background_retry = true
max_queue_size = 1000
[webhooks.rate_limiting]
enabled = true
max_per_second = 100
burst = 200
[observability.prometheus]
enabled = true
port = 9090
namespace = "fraiseql"
"""


def test_tables_of_the_mission_are_read_as_written() -> None:
    webhooks = read_settings(MISSION).webhooks
    assert webhooks.dlq.retention == 604_800_000
    assert webhooks.dlq.max_size == 10_000_000_000
    assert webhooks.dispatch.is_async
    policies = policy_settings(read_settings(MISSION))
    assert policies["timeout"] == 60_000
    assert policies["retry.max_attempts"] == 3
    assert policies["retry.initial_delay"] == 100
    assert policies["signing.scheme"] == "fraiseql"
    assert policies["signing.secret"] == ["${WEBHOOK_SECRET}"]
    assert (policies["batch.size"], policies["batch.timeout"]) == (50, 10_000)
    assert (policies["rate_limit.max_per_second"], policies["rate_limit.burst"]) == (100.0, 200)


def test_empty_file_sets_no_policy() -> None:
    assert read_settings("") == Settings()
    assert policy_settings(Settings()) == {}


def test_only_written_keys_are_policies_of_the_file() -> None:
    settings = read_settings('[webhooks]\ntimeout = "9s"\n[webhooks.retry]\njitter = "none"')
    assert policy_settings(settings) == {"timeout": 9_000, "retry.jitter": "none"}


def test_tables_that_are_switched_off_set_nothing() -> None:
    text = "[webhooks.batching]\nenabled = false\n[webhooks.rate_limiting]\nenabled = false"
    assert policy_settings(read_settings(text)) == {}


def problems(text: str) -> list[str]:
    """The problems of a file as `line: message`."""
    with pytest.raises(SettingsFileError) as caught:
        read_settings(text)
    return [f"{p.line}: {p.message}" for p in caught.value.problems]


def test_every_problem_is_told_with_its_line() -> None:
    text = '[webhook]\na = 1\n[webhooks]\ntimeout = 30\n[webhooks.dlq]\nretenton = "7d"\n'
    assert problems(text) == [
        "1: unknown table [webhook]; did you mean `webhooks`?",
        '4: webhooks.timeout: 30 has no unit; write a duration as text, such as "30s"',
        "6: unknown key `retenton` in [webhooks.dlq]; did you mean `retention`?",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[webhooks", "1: this is not TOML"),
        ("[webhooks.retry]\nmax_attempts = 0", "retry.max_attempts: 0 is outside 1 to 1,000"),
        ('[webhooks.retry]\nmax_attempts = "3"', 'is "3"; it must be a whole number'),
        ("[webhooks.retry]\nretry_on = [99]", "HTTP statuses are between 100 and 599"),
        ("[webhooks.retry]\nretry_on = 500", "must be a list of HTTP statuses"),
        ('[webhooks.retry]\nretry_on = ["5xx"]', "'5xx' is not an HTTP status"),
        ('[webhooks.retry]\nbackoff = "expo"', "must be 'exponential', 'linear' or 'fixed'"),
        ('[webhooks]\nmax_response = "1 MB"', "'1 MB' is not a size"),
        ('[webhooks.dlq]\nbackend = "file"', "backend `file` needs a `path`"),
        ('[webhooks.dlq]\nrotation = "daily"', "`rotation` has no effect without a backend"),
        ('[sources.shop]\nkind = "mysql"', "[sources.shop] has an unknown `kind`"),
        ('[sources.shop]\ndatabase = "x"', "[sources.shop] needs the key `kind`"),
        ('[sources.shop]\nkind = "sqlite"', "1: [sources.shop] needs the key `database`"),
        ('[sources.s]\nkind = "sqlite"\ndatabase = "x"\npol = "1s"', "did you mean `poll`?"),
        ("[egress]\nports = [70000]", "egress.ports.0 is 70000"),
        ('[observability.prometheus]\nnamespace = "9 x"', 'prometheus.namespace is "9 x"'),
    ],
)
def test_each_kind_of_mistake_is_explained(text: str, says: str) -> None:
    (problem,) = problems(text)
    assert says in problem


def test_status_ranges() -> None:
    settings = read_settings('[webhooks.retry]\nretry_on = ["500..502", 429]')
    assert policy_settings(settings) == {"retry.retry_on": [429, 500, 501, 502]}


def test_environment_is_put_into_run_time_tables_only() -> None:
    text = (
        '[store]\nurl = "sqlite:///${DIR}/fql.db"\n[sources.s]\nkind = "sqlite"\n'
        'database = "${DIR}/app.db"\n[webhooks]\ntest_url = "${TEST}"\n'
        '[webhooks.signing]\nsecret = "${KEY}"'
    )
    settings = resolve(read_settings(text), {"DIR": "/data", "TEST": "http://t"})
    assert settings.store.url == "sqlite:////data/fql.db"
    assert settings.sources["s"].model_dump()["database"] == "/data/app.db"
    assert settings.webhooks.test_url == "http://t"
    assert policy_settings(settings)["signing.secret"] == ["${KEY}"]


def test_missing_names_are_told_together_with_where_they_are_used() -> None:
    text = '[store]\nurl = "${A}"\n[webhooks.dlq]\nbackend = "file"\npath = "${B}"'
    with pytest.raises(MissingSecrets) as caught:
        resolve(read_settings(text), {})
    assert caught.value.missing == {
        "A": ["fql.toml store.url"],
        "B": ["fql.toml webhooks.dlq.path"],
    }


def test_inserted_value_is_not_scanned_again() -> None:
    settings = resolve(read_settings('[store]\nurl = "${A}"'), {"A": "${B}"})
    assert settings.store.url == "${B}"


@pytest.mark.parametrize(
    "entry", ["10.0.0.0/33", "10.0.0", "https://a.example.com", "a/24", "*", ""]
)
def test_entries_of_the_allow_list_that_mean_nothing_are_refused(entry: str) -> None:
    with pytest.raises(SettingsError, match="neither a network"):
        read_settings(f'[egress]\nallow = ["{entry}"]\n')


def test_networks_hosts_and_names_may_be_allowed() -> None:
    text = '[egress]\nallow = ["10.1.0.0/16", "::1", "orders.internal", "kafka", "${NET}"]\n'
    assert len(read_settings(text).egress.allow) == 5


def test_secrets_do_not_stand_in_the_file() -> None:
    """Neither plain nor with dates, and the message does not repeat them."""
    for written in ('"hunter2-hunter2"', '[{ secret = "hunter2-hunter2" }]'):
        with pytest.raises(SettingsError, match="from the environment") as caught:
            read_settings(f"[webhooks.signing]\nsecret = {written}\n")
        assert "hunter2" not in str(caught.value)


def _ranged(keys: Iterable[Key], table: str = "") -> Iterator[tuple[str, int | Decimal]]:
    """Each key of `fql.toml` that the compiler knows a range for, with a value beyond it."""
    for key in keys:
        place = key.toml or (f"webhooks.{table}{key.name}" if key.policy or table else "")
        if key.keys:
            yield from _ranged(key.keys, f"{key.name}.")
        elif place and key.least is not None and key.most is not None:
            yield from ((place, beyond) for beyond in (key.least - 1, key.most + 1) if beyond >= 0)


def _written(place: str, value: int | Decimal) -> str:
    units = {"delay": "ms", "timeout": "ms", "max_age": "ms", "_max": "ms", "elapsed": "ms"}
    units |= {"open_for": "ms", "max_response": "B", "max_body": "B"}
    unit = next((unit for end, unit in units.items() if place.endswith(end)), "")
    table, _, key = place.rpartition(".")
    number = f"{value:.3f}" if unit == "" and value % 1 else f"{value:.0f}"
    return f"[{table}]\n{key} = " + (f'"{number}{unit}"' if unit else number)


@pytest.mark.parametrize(("place", "value"), sorted(set(_ranged(DEFAULTS.keys))))
def test_ranges_are_those_of_the_language(place: str, value: int | Decimal) -> None:
    with pytest.raises(SettingsFileError, match=place.rpartition(".")[2]):
        read_settings(_written(place, value))


@pytest.mark.parametrize(
    ("number", "fits"),
    [
        ("1", True),
        ("1.0", True),
        ("100.0", True),
        ("1e2", True),
        ("0.99999999999999999999999999", False),
        ("100.00000000000000000000000001", False),
        ("1e9999999999999999999", False),
        ("-1e9999999999999999999", False),
        ("inf", False),
        ("nan", False),
        ("-nan", False),
    ],
)
def test_bounds_of_numbers_are_judged_to_the_last_digit(number: str, fits: bool) -> None:
    """As those of a `.fql` file are; a binary fraction would have rounded them before."""
    text = f"[webhooks.retry]\nmultiplier = {number}\n"
    if fits:
        assert policy_settings(read_settings(text)) == {"retry.multiplier": float(number)}
        return
    with pytest.raises(SettingsFileError, match=r"multiplier: .+ is outside 1 to 100$"):
        read_settings(text)


def test_a_number_is_shown_as_it_is_written() -> None:
    (problem,) = problems("[webhooks.retry]\nmax_attempts = 3.10\n")
    assert "is 3.10; it must be a whole number" in problem
    (problem,) = problems("[egress]\nallow = [2.50]\n")
    assert "2.50" in problem


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (
            "retry_on = [404, 503]\ndont_retry_on = [404]",
            "the status 404 is in both `retry_on` and `dont_retry_on`",
        ),
        ('initial_delay = "10s"', "the cap `5s` is below the first delay `10s`; raise `max_delay`"),
        ('max_delay = "50ms"', "the cap `50ms` is below the first delay `100ms`"),
        ("retry_on = [200, 503]", "200 is a success, which is neither tried again nor a failure"),
        ('dont_retry_on = ["200..299"]', "200 is a success"),
    ],
)
def test_retry_that_contradicts_itself(keys: str, words: str) -> None:
    with pytest.raises(SettingsFileError, match=words):
        read_settings(f"[webhooks.retry]\n{keys}\n")


def test_a_list_alone_wins_over_the_default_of_the_other() -> None:
    settings = read_settings("[webhooks.retry]\nretry_on = [404]\n")
    assert policy_settings(settings) == {"retry.retry_on": [404]}
