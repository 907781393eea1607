"""What `fqlc doctor` looks at on the way out: do the settings of security hold, does every
receiver answer? Sends nothing but one OPTIONS request to each, and fetches a token where deliveries
need one, on their path."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime

from fql.actions.masking import known_values
from fql.actions.requests.factory import WebhookActions, allowing
from fql.cli.examining.finding import Finding, Level
from fql.egress.auth import Auth, OAuthClient, auth_of
from fql.egress.send import Outgoing, Profile, Sender
from fql.egress.settings import (
    PolicyReader,
    SigningSettings,
    resolve_parts,
    text_parts,
)
from fql.egress.wire.failures import SendFailed
from fql.egress.wire.own import OwnPorts
from fql.errors import MissingSecrets, SettingsError
from fql.plan.model import Json, Plan, Policies
from fql.plan.policies import effective
from fql.plan.signing_ends import Span, covered_until
from fql.plan.stored.codec import load_expression
from fql.plan.web.addresses import EgressSettings
from fql.plan.web.templates import split_url
from fql.plan.web.urls import UrlParts, UrlProblem, parse_literal_url
from fql.settings.model import Settings

CLOCK_TOLERANCE = 60.0
"""Seconds that this clock may differ from a receiver's: half of what signatures allow, and less."""
CONNECT_MS = 5_000
DAY = 86_400.0
SOON_DAYS = 14
"""A signing secret that ends within so many days is worth a warning."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where requests go. `tls` holds the identity that we show there; with `client` it is a token
    server."""

    name: str
    url: UrlParts
    tls: Auth = field(default_factory=Auth)
    client: OAuthClient | None = None


@dataclass(frozen=True, slots=True)
class Sending:
    """One endpoint or action with a url of its own: what it sends to and how."""

    name: str
    url: Json
    policies: Policies


def sendings(plan: Plan) -> Iterator[Sending]:
    """Each endpoint, and each action with a url of its own."""
    for endpoint in plan.endpoints:
        yield Sending(f"endpoint {endpoint.name}", endpoint.url, endpoint.policies)
    for observer in plan.observers:
        for node in observer.nodes:
            if node.config.url is not None:
                name = f"action {observer.name}.{node.name}"
                yield Sending(name, node.config.url, effective(node, None))


# Settings of security


def security(plan: Plan, environment: Mapping[str, str], now: float) -> list[Finding]:
    """Can each action be made, and until when do its secrets sign? `now` is unix seconds."""
    factory = WebhookActions()
    endpoints = {endpoint.name: endpoint for endpoint in plan.endpoints}
    found: list[Finding] = []
    for observer in plan.observers:
        for node in observer.nodes:
            endpoint = endpoints.get(node.config.endpoint or "")
            subject = f"action {observer.name}.{node.name}"
            try:
                if node.kind == "webhook":
                    factory(plan, node, endpoint, environment)
                reader = PolicyReader(effective(node, endpoint), environment, subject)
                found += _expiry(reader.signing(), subject, now)
            except MissingSecrets:
                continue  # told by another examination
            except SettingsError as error:
                found.append(Finding(subject, "problem", error.message))
    return found


def _expiry(signing: SigningSettings | None, subject: str, now: float) -> Iterator[Finding]:
    """Days until the secret that signs now ends and none takes over."""
    if signing is None:
        return
    if not any(secret.live(now) for secret in signing.secrets):
        yield Finding(subject, "problem", "no signing secret is valid now: nothing can be sent")
        return
    spans = [Span(secret.not_before, secret.not_after) for secret in signing.secrets]
    end = covered_until(spans, now)
    if end is None:
        return
    days = int((end - now) // DAY)
    level: Level = "warning" if days < SOON_DAYS else "ok"
    yield Finding(subject, level, f"its signing secrets end in {days} days")


# Receivers


def receivers(plan: Plan, environment: Mapping[str, str], test_url: str | None) -> list[Receiver]:
    """Where a plan sends to, each origin once. Those whose names are missing in the environment or
    whose settings cannot be read are left to other examinations. With a `test_url` it is all.

    Raises UrlProblem for an invalid `test_url`.
    """
    if test_url is not None:
        return [Receiver("test_url", parse_literal_url(test_url))]
    found: dict[tuple[object, ...], Receiver] = {}
    for sending in sendings(plan):
        for receiver in _receivers_of(sending, environment):
            key = (receiver.url.origin, receiver.tls.tls, receiver.client)
            found.setdefault(key, receiver)
    return list(found.values())


def _receivers_of(sending: Sending, environment: Mapping[str, str]) -> Iterator[Receiver]:
    try:
        parts = resolve_parts(text_parts(load_expression(sending.url)), environment, sending.name)
        base = split_url(parts).base
        auth = auth_of(PolicyReader(sending.policies, environment, sending.name).auth())
    except (SettingsError, UrlProblem):
        return
    if base is not None:
        yield Receiver(sending.name, parse_literal_url(base.origin), Auth(tls=auth.tls))
    if auth.oauth is not None:
        name = f"token server of {sending.name}"
        yield Receiver(name, auth.oauth.token_url, client=auth.oauth)


async def reachability(
    found: list[Receiver], egress: EgressSettings, own_ports: OwnPorts
) -> list[Finding]:
    """Does every receiver answer, and does it agree about the time?"""
    sender = Sender(egress, user_agent="fql-doctor", own_ports=own_ports)
    try:
        lists = await asyncio.gather(*(_probe(sender, receiver) for receiver in found))
    finally:
        await sender.close()
    return [finding for findings in lists for finding in findings]


def contacted(plan: Plan, environment: Mapping[str, str], settings: Settings) -> list[Finding]:
    """Contact every receiver with the settings of the project."""
    test_url = settings.webhooks.test_url
    try:
        found = receivers(plan, environment, test_url)
    except UrlProblem as problem:
        return [Finding("test_url", "problem", f"it cannot be used: {problem}")]
    egress = EgressSettings(tuple(settings.egress.allow), tuple(settings.egress.ports))
    if test_url is not None and found:
        egress = allowing(egress, found[0].url)
    metrics = settings.observability.prometheus
    own = frozenset({metrics.port}) if metrics is not None and metrics.enabled else frozenset()
    findings = asyncio.run(reachability(found, egress, lambda: own))
    # A url may come from the environment: the names of endpoints say which one is meant.
    masker = known_values(plan, environment)
    return [replace(finding, message=masker.text(finding.message)) for finding in findings]


async def _probe(sender: Sender, receiver: Receiver) -> list[Finding]:
    if receiver.client is not None:
        return [await _token(sender, receiver.name, receiver.client)]
    url = receiver.url
    started = time.monotonic()
    try:
        outgoing = Outgoing("OPTIONS", url, (), b"")
        answer = await sender.send(outgoing, Profile(auth=receiver.tls), CONNECT_MS)
    except (SendFailed, SettingsError) as error:
        return [Finding(receiver.name, "problem", f"{url.origin} cannot be reached: {error}")]
    took = round((time.monotonic() - started) * 1_000)
    found = [Finding(receiver.name, "ok", f"{url.origin} answers ({answer.status}, {took} ms)")]
    return found + _clock(url.origin, answer.headers.get("date"))


async def _token(sender: Sender, name: str, client: OAuthClient) -> Finding:
    """Does the token server give a token for these credentials? It is shown to nobody."""
    origin = client.token_url.origin
    try:
        await sender.check_token(client, CONNECT_MS)
    except SendFailed as error:
        return Finding(name, "problem", f"{origin} gives no token: {error}{_advice(error)}")
    return Finding(name, "ok", f"{origin} gives a token")


def _advice(error: SendFailed) -> str:
    """What to look at, by what the standard says that a refusal means."""
    said = error.message
    if "invalid_scope" in said:
        return "; look at scope"
    credentials = ("invalid_client", "unauthorized_client", "said 401", "said 403")
    if any(sign in said for sign in credentials):
        return "; check client_id and client_secret"
    return "; look at token_url" if "said 404" in said or "gave no token" in said else ""


def _clock(origin: str, date: str | None) -> list[Finding]:
    """Signatures are refused when clocks differ by more than five minutes."""
    if not date:
        return []
    try:
        theirs = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return []
    off = time.time() - theirs
    if abs(off) <= CLOCK_TOLERANCE:
        return []
    side = "ahead of" if off > 0 else "behind"
    return [Finding("clock", "warning", f"this clock is {abs(off):.0f} s {side} that of {origin}")]
