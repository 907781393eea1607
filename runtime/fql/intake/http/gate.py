"""Whether a request is let in, from its head alone: no byte of a body is read for one that is not.
Pure."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

import httptools

from fql.intake.cloudevents import CLOUD_EVENT
from fql.intake.http.answers import Answer, refusal
from fql.intake.http.wire import MAX_BODY, Request

PATH = b"/events"
JSON = "application/json"
LINES = ("application/x-ndjson", "application/ndjson")
CLOUD_EVENTS = "application/cloudevents-batch+json"
MEDIA_TYPES = (JSON, *LINES, CLOUD_EVENT, CLOUD_EVENTS)
TAKEN = f"{JSON}, {LINES[0]}, {CLOUD_EVENT} and {CLOUD_EVENTS}"
CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type without its parameters, and its `charset`."""

    name: str
    charset: str = "utf-8"


def media_type(text: str) -> MediaType:
    """What a Content-Type says."""
    name, *parameters = text.split(";")
    charset = "utf-8"
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset":
            charset = value.strip().strip('"').lower()
    return MediaType(name.strip().lower(), charset)


def judged(request: Request, tokens: Sequence[str]) -> Answer | None:
    """Why a request is refused, or None. A refused one ends its connection while its body may
    still come."""
    return _form(request) or _place(request) or _caller(request, tokens) or _content(request)


def _form(request: Request) -> Answer | None:
    """Whether it can be answered at all."""
    problem, status = "", 400
    if request.twice:
        problem = "a header that may come once came twice"
    elif request.version not in ("1.0", "1.1"):
        problem = "only HTTP/1.1 and HTTP/1.0 are served"
    elif request.version == "1.1" and "host" not in request.headers:
        problem = "the header Host is missing"
    elif request.upgrades:
        problem = "no other protocol is served here; leave out `Upgrade`"
    elif "transfer-encoding" in request.headers and (
        request.version == "1.0" or request.headers["transfer-encoding"].lower() != "chunked"
    ):
        problem = "the only transfer encoding is `chunked`, in HTTP/1.1"
    elif request.headers.get("expect", "100-continue").lower() != "100-continue":
        problem, status = "the only expectation is `100-continue`", 417
    return refusal(status, problem, last=True) if problem else None


def _place(request: Request) -> Answer | None:
    """Whether something is there, and whether it can be done to it."""
    try:
        url = httptools.parse_url(bytes(request.target))
    except httptools.HttpParserInvalidURLError:
        return refusal(400, "the target of the request is not a URL", last=True)
    if url.path != PATH:
        return refusal(404, "there is nothing here", hint="events go to POST /events", last=True)
    if request.method != "POST":
        return refusal(
            405, "events are sent with POST", headers={"Allow": "POST"}, last=True
        )  # fmt: skip
    if url.query is not None:
        return refusal(400, "POST /events takes no query", last=True)
    return None


def _caller(request: Request, tokens: Sequence[str]) -> Answer | None:
    """Who asks. Each token is compared in full, so that time tells nothing."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    sent = given.strip().encode("latin-1", "replace")
    same = [hmac.compare_digest(sent, token.encode()) for token in tokens]
    if scheme.lower() == "bearer" and any(same):
        return None
    problem = "the token is missing" if not given else "the token is not valid here"
    return refusal(
        401, problem, hint="send `Authorization: Bearer TOKEN`",
        headers={"WWW-Authenticate": 'Bearer realm="fql"'}, last=True,
    )  # fmt: skip


def _content(request: Request) -> Answer | None:
    """What it brings."""
    headers = request.headers
    kind = media_type(headers.get("content-type", ""))
    if kind.name not in MEDIA_TYPES:
        given = (
            "this media type is not taken" if kind.name else "the header Content-Type is missing"
        )
        return refusal(
            415, given, hint=f"send {TAKEN}", headers={"Accept": ", ".join(MEDIA_TYPES)}, last=True
        )
    if kind.charset not in CHARSETS:
        return refusal(415, "JSON is sent in UTF-8", last=True)
    if headers.get("content-encoding", "identity").lower() not in ("identity", "gzip"):
        return refusal(
            415, "the only content encoding is gzip", headers={"Accept-Encoding": "gzip"}, last=True
        )
    length = headers.get("content-length")
    if length is None and "transfer-encoding" not in headers:
        return refusal(411, "the length of the body is missing", last=True)
    if (length is not None and len(length) > 9) or int(length or 0) > MAX_BODY:
        return refusal(
            413, f"the request body is longer than {MAX_BODY} bytes", last=True,
            hint="send fewer events at a time",
        )  # fmt: skip
    return None
