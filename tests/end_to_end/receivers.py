"""Fakes of receivers that refuse what real ones refuse: each reads the bytes by a real parser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from fql.testing import Reply
from fql.testing.received import ReceivedRequest

Answer = Callable[[ReceivedRequest], Reply | int]

_FORM = re.compile(rb"(?:[A-Za-z0-9*._~+=&-]|%[0-9A-Fa-f]{2})*")


def media_type(request: ReceivedRequest) -> str:
    """The type without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0]


def form_of(body: bytes) -> list[tuple[str, str]]:
    """The pairs of a form. Raises ValueError for bytes that a form never has."""
    if not _FORM.fullmatch(body):
        raise ValueError("a byte that must be percent-encoded")
    return parse_qsl(
        body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body), errors="strict"
    )


def sms(request: ReceivedRequest) -> Reply | int:
    """A form with one `To` and one `Body`, behind basic authentication."""
    if media_type(request) != "application/x-www-form-urlencoded":
        return 415
    if not request.headers.get("authorization", "").startswith("Basic "):
        return 401
    pairs = form_of(request.body)
    names = [name for name, _ in pairs]
    sound = names.count("To") == names.count("Body") == 1 and set(names) <= {
        "To", "Body", "MediaUrl",
    }  # fmt: skip
    return 201 if sound and dict(pairs)["To"].startswith("+") else 400


def carrier(request: ReceivedRequest) -> Reply | int:
    """XML with the elements of a shipment and no others."""
    if media_type(request) not in ("application/xml", "text/xml"):
        return 415
    try:
        root = ElementTree.fromstring(request.body)
    except ElementTree.ParseError:
        return 400
    known = {"shipment", "to", "item", "gift"}
    return 200 if root.tag == "shipment" and {e.tag for e in root.iter()} <= known else 422


def cache(request: ReceivedRequest) -> Reply | int:
    """A DELETE without body and without a type."""
    empty = not request.body and "content-type" not in request.headers
    return 204 if request.method == "DELETE" and empty else 400


_REQUIRED = ("specversion", "id", "source", "type")


def cloudevents(request: ReceivedRequest) -> Reply | int:
    """CloudEvents 1.0 over HTTP in both modes, by the rules of its binding."""
    kind = media_type(request)
    if kind == "application/cloudevents+json":
        event = json.loads(request.body)
        sound = all(isinstance(event.get(name), str) and event[name] for name in _REQUIRED)
        sound = sound and all(re.fullmatch("[a-z0-9]+", name) for name in event)
    else:
        event = {n[3:]: v for n, v in request.headers.items() if n.startswith("ce-")}
        sound = kind == "application/json" and all(event.get(name) for name in _REQUIRED)
        sound = sound and all(v.isascii() and '"' not in v for v in event.values())
        json.loads(request.body)
    moment = re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)", event.get("time", ""))
    return 202 if sound and event["specversion"] == "1.0" and moment else 400


def graphql(request: ReceivedRequest) -> Reply | int:
    """One operation whose variables are all declared and all given; errors come with 200."""
    if media_type(request) not in ("application/json", "application/graphql-response+json"):
        return 415
    asked = json.loads(request.body)
    if set(asked) - {"query", "variables", "operationName", "extensions"}:
        return 400
    declared = dict(re.findall(r"\$(\w+): ([\w!]+)", asked["query"].partition("{")[0]))
    kinds = {"String!": str, "Int!": int}
    for name, kind in declared.items():
        if not isinstance(asked["variables"].get(name), kinds[kind]):
            return Reply(200, {"errors": [{"message": f"${name}"}], "data": None})
    if set(asked["variables"]) != set(declared):
        return Reply(200, {"errors": [{"message": "variables"}]})
    return Reply(200, {"data": {"createTicket": {"id": "T1"}}})


def slack(request: ReceivedRequest) -> Reply | int:
    """An incoming webhook: JSON with a text, in which `<` begins a mention or link of ours."""
    if media_type(request) != "application/json":
        return 400
    text = json.loads(request.body).get("text")
    if not isinstance(text, str) or not text:
        return 400
    odd = re.search(r"<(?!!here>)|&(?!(?:amp|lt|gt);)", text)
    return 400 if odd else 200


def mail(request: ReceivedRequest) -> Reply | int:
    """A mail with known keys only, every one a text."""
    if request.headers.get("authorization") != "Bearer mail-token-1":
        return 401
    letter = json.loads(request.body)
    known = {"From", "To", "Subject", "TextBody", "Tag", "Metadata"}
    texts = all(isinstance(letter.get(name), str) for name in known - {"Metadata"})
    metadata = letter.get("Metadata", {})
    sound = set(letter) <= known and texts and all(isinstance(v, str) for v in metadata.values())
    return 200 if sound and "\n" not in letter["Subject"] else 422
