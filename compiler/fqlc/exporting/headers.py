"""The headers and the query of a request as parameters, and what proves who sent it as security
schemes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fql.plan.model import Policies
from fql.plan.policies import header_scheme, value_of
from fqlc.exporting.actions import Action, header_shape
from fqlc.exporting.schemas import Schema, Writer

_PARAMETERS = "#/components/parameters/"


def _parameter(
    name: str, description: str, schema: Schema, *, required: bool = True, where: str = "header"
) -> Schema:
    return {
        "name": name,
        "in": where,
        "required": required,
        "description": description,
        "schema": schema,
    }


_TEXT: Schema = {"type": "string"}

_SECONDS: Schema = {"type": "string", "pattern": "^[0-9]+$"}
_ALWAYS: tuple[tuple[str, str, Schema, bool], ...] = (
        ("webhook-id", "The key of the delivery: the same in each attempt. What was seen before "
         "was delivered before.", _TEXT, True),
        ("Idempotency-Key", "The same as `webhook-id`.", _TEXT, True),
        ("webhook-timestamp", "When this attempt was made, in unix seconds.", _SECONDS, True),
        ("fql-observer", "The observer that sends.", _TEXT, True),
        ("fql-action", "The action of the observer.", _TEXT, True),
        ("fql-attempt", "Which attempt this is, from 1.", {"type": "integer", "minimum": 1}, True),
        ("fql-redelivery", "`1` where an attempt before this one may have arrived.",
         {"const": "1"}, False),
        ("User-Agent", "`fql/` and its version.", {"type": "string", "pattern": "^fql/"}, True),
        ("traceparent", "The trace that the event belongs to (W3C Trace Context).", _TEXT, False),
        ("tracestate", "More of that trace.", _TEXT, False),
)  # fmt: skip

SHARED: Mapping[str, Schema] = {
    name: _parameter(name, words, schema, required=required)
    for name, words, schema, required in _ALWAYS
}
"""What every webhook carries."""

_APART = frozenset({"accept", "authorization", "content-type"})
"""Headers that OpenAPI describes elsewhere, and not as parameters."""


def parameters(action: Action, writer: Writer) -> list[Schema]:
    """The headers of one action: its own and its endpoint's, those of its signature, and what every
    webhook carries; then what is in the query of its url."""
    taken = {one.name.lower() for one in schemes_of(action)}
    found: list[Schema] = [{"$ref": _PARAMETERS + name} for name in SHARED]
    for name, header in action.headers.items():
        if name not in _APART and name not in taken:
            schema = writer.schema(header_shape(header))
            found.append(_parameter(header.name, "Set by the plan.", schema))
    query = (
        _parameter(name, "In the url that the plan has.", writer.schema(shape), where="query")
        for name, shape in action.query.items()
    )
    return [*found, *_timestamps(action.policies), *query]


def _timestamps(policies: Policies) -> Iterator[Schema]:
    if signature_scheme(policies) == "fraiseql":
        name = value_of(policies, "signing.timestamp_header") or "X-FraiseQL-Timestamp"
        words = "The time that the signature covers, in unix seconds."
        yield _parameter(_setting_text(name), words, _SECONDS)


# Who sent it ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scheme:
    """One security scheme; `name` is the header that it is in, empty where it is in none."""

    key: str
    name: str
    schema: Schema


_SIGNED: Mapping[str, tuple[str, str]] = {
    "standard": (
        "webhook-signature",
        "Standard Webhooks: `v1,` and the base64 HMAC-SHA256 (or `v1a,` and the Ed25519 signature) "
        "of `webhook-id.webhook-timestamp.body`, several separated by blanks during a rotation.",
    ),
    "fraiseql": (
        "X-FraiseQL-Signature",
        "`sha256=` and the hexadecimal HMAC-SHA256 of `timestamp.body`; the timestamp is in a "
        "header of its own.",
    ),
    "stripe": (
        "Stripe-Signature",
        "`t=` with the unix seconds and `v1=` with the hexadecimal HMAC-SHA256 of `t.body`, "
        "several `v1` during a rotation.",
    ),
    "github": (
        "X-Hub-Signature-256",
        "`sha256=` and the hexadecimal HMAC-SHA256 of the body.",
    ),
}
"""The header of each scheme of signatures, and what is in it."""


_OF_THE_PLAN = Scheme(
    "authorization", "Authorization",
    {"type": "apiKey", "in": "header", "name": "Authorization", "description": "Set by the plan."},
)  # fmt: skip
"""A header `Authorization` that is written out, which OpenAPI does not take for a parameter."""


def signature_scheme(policies: Policies) -> str | None:
    """How requests are signed; None where they are not."""
    if value_of(policies, "signing.enabled") is False:
        return None
    if value_of(policies, "signing.secret") is None:
        return None
    named = any(value_of(policies, f"signing.{key}") for key in ("header", "timestamp_header"))
    given = policies.get("signing.scheme")
    return str(given.value) if given and given.value else header_scheme(named)


def schemes_of(action: Action) -> list[Scheme]:
    """The security schemes of an action, its signature first."""
    found = [*_signature(action.policies), *_credentials(action.policies)]
    if "authorization" in action.headers and "Authorization" not in [one.name for one in found]:
        found.append(_OF_THE_PLAN)
    return found


def _signature(policies: Policies) -> Iterator[Scheme]:
    scheme = signature_scheme(policies)
    if scheme is not None:
        usual, words = _SIGNED[scheme]
        own = None if scheme == "standard" else value_of(policies, "signing.header")
        yield _in_header(f"signature-{scheme}", usual, _setting_text(own or usual), words)


def _in_header(key: str, usual: str, name: str, words: str) -> Scheme:
    key = key if name.lower() == usual.lower() else f"{key}-{name.lower()}"
    schema: Schema = {"type": "apiKey", "in": "header", "name": name, "description": words}
    return Scheme(key, name, schema)


def _credentials(policies: Policies) -> Iterator[Scheme]:
    match value_of(policies, "auth.type"):
        case "bearer" | "oauth2":
            yield Scheme("bearer", "Authorization", {"type": "http", "scheme": "bearer"})
        case "basic":
            yield Scheme("basic", "Authorization", {"type": "http", "scheme": "basic"})
        case "mtls":
            yield Scheme("mutual-tls", "", {"type": "mutualTLS"})
        case "header":
            name = _setting_text(value_of(policies, "auth.header"))
            yield _in_header("credential", "", name, "A credential that both sides know.")
        case _:
            pass


def _setting_text(stored: object) -> str:
    """A setting that is a text: as it is, or stored as an expression."""
    if isinstance(stored, Mapping):
        return str(stored.get("value", ""))
    return str(stored)
