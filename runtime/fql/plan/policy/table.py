"""The one table of policies: a row for each key says what it takes and what holds without it.

Everything else reads it: the checker, `fql.toml`, the verification of plans, the engine, the pages
of the reference (decision 0081). A key means the same at each level that takes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from fql.plan.language.units import MILLISECONDS
from fql.plan.policy.keys import Key, Kind

HOUR, DAY = MILLISECONDS["h"], MILLISECONDS["d"]

RETRY_KEYS = (
    Key("max_attempts", Kind.INT, "How many times an action is tried, including the first.",
        default="3", toml="webhooks.retry.max_attempts", least=1, most=1_000, range_code="FQL341"),
    Key("backoff", Kind.WORD, "How delays grow: `exponential` by `multiplier`, `linear` by "
        "`initial_delay`, `fixed` not at all.", default="exponential",
        toml="webhooks.retry.backoff", words=("exponential", "linear", "fixed")),
    Key("initial_delay", Kind.DURATION, "The delay after the first failure.", default="100ms",
        toml="webhooks.retry.initial_delay", least=0, most=7 * DAY, range_code="FQL341"),
    Key("max_delay", Kind.DURATION, "The longest delay.", default="5s",
        toml="webhooks.retry.max_delay", least=0, most=30 * DAY, range_code="FQL341"),
    Key("multiplier", Kind.NUMBER, "The factor of `exponential`.", default="2.5",
        toml="webhooks.retry.multiplier", least=1, most=100, range_code="FQL341"),
    Key("jitter", Kind.WORD, "`full` spreads each delay over 0 to its length, `equal` over its "
        "upper half, `none` keeps the schedule exact.", default="full",
        toml="webhooks.retry.jitter", words=("none", "full", "equal")),
    Key("retry_on", Kind.STATUSES, "Statuses that are tried again, besides 409, 425 and every 5xx "
        "that `dont_retry_on` does not list.",
        default="[408, 429, 500, 502, 503, 504]", toml="webhooks.retry.retry_on"),
    Key("dont_retry_on", Kind.STATUSES, "Statuses that fail at once.",
        default="[400, 401, 403, 404, 422]", toml="webhooks.retry.dont_retry_on"),
    Key("retry_after_max", Kind.DURATION, "The longest `Retry-After` that is honoured.",
        default="1h", toml="webhooks.retry.retry_after_max", least=0, most=30 * DAY,
        range_code="FQL341"),
    Key("max_elapsed", Kind.DURATION, "No attempt starts later than this after the first one.",
        toml="webhooks.retry.max_elapsed", least=1, most=30 * DAY, range_code="FQL341"),
)  # fmt: skip

SIGNING_KEYS = (
    Key("enabled", Kind.BOOLEAN, "`false` switches signing off.",
        toml="webhooks.signing.enabled", toml_default="true"),
    Key("scheme", Kind.WORD, "The wire format of the signature: that of Standard Webhooks, "
        "FraiseQL, Stripe or GitHub.", default="standard",
        toml="webhooks.signing.scheme", words=("standard", "fraiseql", "stripe", "github")),
    Key("secret", Kind.SECRETS,
        "The secret as `${NAME}`, or a list of several during a rotation; each may be "
        "`{ secret: ..., not_before: ..., not_after: ... }`.",
        toml="webhooks.signing.secret"),
    Key("algorithm", Kind.WORD, "The hash of `fraiseql`, `stripe` and `github`, or `ed25519` for "
        "`standard`.", default="sha256", toml="webhooks.signing.algorithm",
        words=("sha256", "ed25519")),
    Key("header", Kind.TEXT, "The name of the signature header; without `scheme` it implies "
        "`fraiseql`.", toml="webhooks.signing.header"),
    Key("timestamp_header", Kind.TEXT, "The name of the timestamp header; without `scheme` "
        "it implies `fraiseql`.", toml="webhooks.signing.timestamp_header"),
)  # fmt: skip

ENCRYPTION_KEYS = (
    Key("algorithm", Kind.WORD, "AES-256-GCM, as JWE compact.", default="AES-256-GCM",
        words=("AES-256-GCM",)),
    Key("key", Kind.TEXT, "The key as `${NAME}`: 32 bytes as base64 or hex."),
    Key("fields", Kind.NAMES, "The keys of the body to encrypt; by default the whole body."),
    Key("kid", Kind.TEXT, "The key id in the header of each JWE."),
)  # fmt: skip

AUTH_KEYS = (
    Key("type", Kind.WORD, "The kind of credential.", required=True,
        words=("bearer", "basic", "header", "oauth2", "mtls")),
    Key("token", Kind.TEXT, "The token, for `bearer`."),
    Key("username", Kind.TEXT, "The user name, for `basic`."),
    Key("password", Kind.TEXT, "The password, for `basic`; that of the private key, for `mtls`."),
    Key("header", Kind.TEXT, "The name of the header, for `header`."),
    Key("value", Kind.TEXT, "The value of the header, for `header`."),
    Key("token_url", Kind.TEXT, "Where the token is fetched, for `oauth2`."),
    Key("client_id", Kind.TEXT, "The client, for `oauth2`."),
    Key("client_secret", Kind.TEXT, "The secret of the client, for `oauth2`."),
    Key("scope", Kind.TEXT, "The scope to ask for, for `oauth2`."),
    Key("certificate", Kind.TEXT, "The file of the client certificate in PEM, for `mtls`."),
    Key("key", Kind.TEXT, "The file of the private key in PEM, for `mtls`."),
    Key("ca", Kind.TEXT, "The file of the authorities to trust in PEM, for `mtls`."),
)  # fmt: skip

AUTH_NEEDS = {
    "bearer": ("token",),
    "basic": ("username", "password"),
    "header": ("header", "value"),
    "oauth2": ("token_url", "client_id", "client_secret"),
    "mtls": ("certificate", "key"),
}
"""Which keys each `auth` type needs."""

AUTH_TAKES = {
    **AUTH_NEEDS,
    "oauth2": (*AUTH_NEEDS["oauth2"], "scope"),
    "mtls": (*AUTH_NEEDS["mtls"], "ca", "password"),
}
"""Which keys each `auth` type takes."""

BATCH_KEYS = (
    Key("size", Kind.INT, "The most events in one call.", required=True,
        toml="webhooks.batching.batch_size", toml_default="50", least=1, most=10_000),
    Key("timeout", Kind.DURATION, "The longest time that the first event of a batch waits.",
        required=True, toml="webhooks.batching.timeout", toml_default="10s", least=1, most=DAY),
)  # fmt: skip

RATE_KEYS = (
    Key("max_per_second", Kind.NUMBER, "Calls per second, averaged over time.", required=True,
        toml="webhooks.rate_limiting.max_per_second", toml_default="100",
        least=Decimal("0.001"), most=1_000_000),
    Key("burst", Kind.INT, "Calls that may be made at once after a pause.",
        toml="webhooks.rate_limiting.burst", toml_default="200", least=1, most=1_000_000),
)  # fmt: skip

CIRCUIT_KEYS = (
    Key("failures", Kind.INT, "Failures in a row that open it; each message counts once.",
        default="10", toml="webhooks.circuit.failures", least=1, most=10_000),
    Key("open_for", Kind.DURATION, "How long the circuit stays open before a probe.", default="30s",
        toml="webhooks.circuit.open_for", least=1, most=DAY),
    Key("probes", Kind.INT, "Probes at the same time while it is half open.", default="1",
        toml="webhooks.circuit.probes", least=1, most=100),
)  # fmt: skip

RETRY = Key("retry", Kind.OBJECT, "When a failed attempt is tried again: the name of a `retry` "
            "block, or an object.", keys=RETRY_KEYS, policy=True, names="retry")  # fmt: skip
TIMEOUT = Key("timeout", Kind.DURATION, "The deadline of one attempt, from name resolution to the "
              "last byte of the answer.", default="60s", toml="webhooks.timeout", least=1,
              most=HOUR, policy=True)  # fmt: skip
MAX_AGE = Key("max_age", Kind.DURATION, "An action not sent within this time of its event is not "
              "sent at all, and becomes a dead letter of class `expired`.",
              toml="webhooks.max_age", least=1, most=365 * DAY, policy=True)  # fmt: skip
MAX_RESPONSE = Key("max_response", Kind.SIZE, "The longest answer that is read where `response` "
                   "is declared.", default="1MB", toml="webhooks.max_response", least=1,
                   most=100_000_000, policy=True)  # fmt: skip
MAX_BODY = Key("max_body", Kind.SIZE, "The longest request body that is sent. An action that makes "
               "a longer one becomes a dead letter of class `evaluation`.", default="5MB",
               toml="webhooks.max_body", least=1, most=100_000_000, policy=True)  # fmt: skip
SIGNING = Key(
    "signing",
    Kind.OBJECT,
    "How requests are signed.",
    keys=SIGNING_KEYS,
    policy=True,
    switched=True,
)
ENCRYPTION = Key("encryption", Kind.OBJECT, "Which parts of the body are encrypted, and how.",
                 keys=ENCRYPTION_KEYS, policy=True, switched=True)  # fmt: skip
AUTH = Key("auth", Kind.OBJECT, "How a request proves to the receiver who sent it.", keys=AUTH_KEYS,
           policy=True, switched=True)  # fmt: skip
BATCH = Key("batch", Kind.OBJECT, "One call for many events, made when `size` or `timeout` is "
            "reached.", keys=BATCH_KEYS, policy=True, switched=True)  # fmt: skip
RATE_LIMIT = Key("rate_limit", Kind.OBJECT, "A token bucket, shared by all actions that call the "
                 "receiver.", keys=RATE_KEYS, policy=True, switched=True)  # fmt: skip
CONCURRENCY = Key("concurrency", Kind.INT, "The most calls to the receiver at the same time.",
                  default="64", toml="webhooks.concurrency", least=1, most=10_000,
                  policy=True)  # fmt: skip
CIRCUIT = Key("circuit", Kind.OBJECT, "When a receiver that fails is left alone for a while.",
              keys=CIRCUIT_KEYS, policy=True)  # fmt: skip
HEADERS = Key("headers", Kind.HEADERS, "Request headers, merged across the levels by name, "
              "ignoring case; `null` removes one.", policy=True)  # fmt: skip

SENDING = (RETRY, TIMEOUT, MAX_AGE, MAX_BODY, MAX_RESPONSE, SIGNING, ENCRYPTION, AUTH, HEADERS)
"""Policies that every level takes."""

RECEIVING = (RATE_LIMIT, CONCURRENCY, CIRCUIT)
"""Policies of a receiver: only `endpoint` and `defaults` take them."""

PUBLISHING = (
    RETRY,
    replace(TIMEOUT, doc="The deadline of one attempt, until the stream has acknowledged."),
    MAX_AGE,
    MAX_BODY,
)
"""Policies of `publish`: nothing in them is about HTTP."""

CALLING = (
    RETRY,
    replace(TIMEOUT, doc="The deadline of one attempt, until the function has returned."),
    MAX_AGE,
    replace(MAX_RESPONSE, doc="The longest answer, as JSON, where `response` is declared."),
)
"""Policies of `call`."""

OF_KINDS: Mapping[str, frozenset[str]] = {
    kind: frozenset(key.name for key in (*keys, *RECEIVING))
    for kind, keys in (
        ("webhook", (*SENDING, BATCH)), ("publish", PUBLISHING), ("call", CALLING),
    )
}  # fmt: skip
"""Which policies hold for an action, by its kind, those of its receiver included. What a farther
level says about others, such as how HTTP requests are signed, is not meant for it."""

OF_STATUSES = frozenset({"retry.retry_on", "retry.dont_retry_on"})
"""Keys that say something about HTTP statuses, which only webhooks have."""


def _flat(keys: tuple[Key, ...]) -> Iterator[tuple[str, Key, bool]]:
    """Each key of a plan by its dotted name, and whether its default holds by itself. Headers are
    stored apart."""
    for key in keys:
        if key.keys:
            yield from ((f"{key.name}.{sub.name}", sub, not key.switched) for sub in key.keys)
        elif key.kind is not Kind.HEADERS:
            yield key.name, key, True


_ALL = tuple(_flat((*SENDING, BATCH, *RECEIVING)))

POLICIES: Mapping[str, Key] = {name: key for name, key, _ in _ALL}
"""Every policy that a plan can hold, by its dotted name, in the order of the reference."""

DEFAULTS: Mapping[str, Any] = {name: key.built_in for name, key, always in _ALL if always}
"""What holds where no level says anything; None: nothing does."""
