"""Who may see the page and who may act on it. Pure: decides from what a request says of itself.

The rules and their reasons are in docs/decisions/0220-who-may-use-the-page.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

READING = frozenset({"GET", "HEAD"})
LARGEST_FORM = 64_000
"""Bytes of a form; the longest is a filter with an answer that is supplied."""
LOOPBACK = frozenset({"127.0.0.1", "[::1]", "localhost"})

HEADERS: Mapping[str, str] = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    # Not `no-referrer`: browsers then send `Origin: null` with forms, and all would be refused.
    "referrer-policy": "same-origin",
}
"""Of every answer."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for this page. `port` is where it listens, `hosts` are the names of a proxy."""

    port: int
    hosts: frozenset[str] = frozenset()
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says of itself; None is a header that was not sent. `known` says whether its
    cookie or token was given out, and `by_token` that it was the token: no browser sends one of
    itself, so it needs no proof of where it comes from. `form_token` is what the form holds."""

    method: str
    path: str
    host: str
    scheme: str = "http"
    origin: str | None = None
    site: str | None = None
    known: bool = False
    by_token: bool = False
    form_token: str | None = None
    expected_token: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request gets nothing."""

    status: HTTPStatus
    message: str


def refused_at_the_door(asked: Asked, rules: Rules) -> Refusal | None:
    """What is wrong with a request whoever sent it; before anything else is looked at."""
    if not _is_ours(asked.host, rules):
        return Refusal(
            HTTPStatus.MISDIRECTED_REQUEST,
            "this page is not served under that name; add it to `hosts` in [ui]",
        )
    if asked.method not in READING and asked.method != "POST":
        return Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and POST are known here")
    return None


def refused(asked: Asked, rules: Rules) -> Refusal | None:
    """Why this may not be seen or done, or None. Raises nothing."""
    if at_door := refused_at_the_door(asked, rules):
        return at_door
    if not asked.known:
        return Refusal(
            HTTPStatus.UNAUTHORIZED,
            "log in with the link that `fqlc ui` has printed; `fqlc ui link` prints another one",
        )
    if asked.method in READING:
        return None
    if rules.read_only:
        return Refusal(HTTPStatus.FORBIDDEN, "this page is read-only")
    if not asked.by_token and not _from_our_form(asked, rules):
        return Refusal(
            HTTPStatus.FORBIDDEN, "this was not sent by a form of this page; reload and try again"
        )
    return None


def _is_ours(host: str, rules: Rules) -> bool:
    """A name that somebody lets point here has an Origin equal to its Host: only a list helps."""
    if host in rules.hosts:
        return True
    name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    return (name or host) in LOOPBACK and (port or "80") == str(rules.port)


def _from_our_form(asked: Asked, rules: Rules) -> bool:
    """A proxy speaks TLS to the browser and none to us, so under its name both are ours."""
    schemes = ("https", "http") if asked.host in rules.hosts else (asked.scheme,)
    if asked.origin not in [f"{scheme}://{asked.host}" for scheme in schemes]:
        return False
    if asked.site not in (None, "same-origin"):
        return False
    return asked.form_token is not None and asked.form_token == asked.expected_token
