"""CloudEvents 1.0 as event envelopes, for the sources that take them. Pure.

The last two parts of `type` are entity and event: `com.example.Order.update`. `data` holds `new`
and `old`, as the envelope does. `source` and `id` together are the key; `time` is the timestamp.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

PREFIX = "ce-"
BINARY = "ce-specversion"
"""The header that tells binary mode."""
CLOUD_EVENT = "application/cloudevents+json"
"""The media type that tells structured mode."""
TRACE = ("traceparent", "tracestate")
"""Attributes that travel on in `context` under their own names."""
ORIGIN = ("source", "subject")
"""Those that travel on as `cloudevents_source` and `cloudevents_subject`."""


class NotACloudEvent(ValueError):
    """An attribute is missing or not as it must be."""

    def __init__(self, name: str, expected: str, got: object) -> None:
        self.name = name
        self.expected = expected
        self.got = "nothing" if got is None else repr(got)[:80]
        super().__init__(f"`{name}` of the CloudEvent must be {expected}")


def from_headers(headers: Mapping[str, str], data: object) -> dict[str, object]:
    """The event of a request or message in binary mode, as it would be in structured mode. The
    names in `headers` are in small letters."""
    found: dict[str, object] = {
        name[len(PREFIX) :]: unquote(value)
        for name, value in headers.items()
        if name.startswith(PREFIX)
    }
    found["data"] = data
    return found


def envelope_of(event: Mapping[str, object]) -> dict[str, object]:
    """The envelope of a CloudEvent. Raises NotACloudEvent."""
    if event.get("specversion") != "1.0":
        raise NotACloudEvent("specversion", '"1.0"', event.get("specversion"))
    entity, kind = _subject_of(_attribute_text(event, "type"))
    data = _data_of(event)
    envelope: dict[str, object] = {
        "entity": entity, "event": kind, "id": _attribute_text(event, "id"),
        "key": f"{_attribute_text(event, 'source')} {_attribute_text(event, 'id')}",
    }  # fmt: skip
    envelope |= {side: data[side] for side in ("new", "old") if data.get(side) is not None}
    if event.get("time") is not None:
        envelope["timestamp"] = event["time"]
    context = {name: event[name] for name in TRACE if event.get(name) is not None}
    context |= {
        f"cloudevents_{name}": event[name] for name in ORIGIN if event.get(name) is not None
    }
    return envelope | {"context": context}


def _subject_of(type_: str) -> tuple[str, str]:
    """Whether that is an entity and an event is for the check of envelopes."""
    parts = type_.rsplit(".", 2)
    if len(parts) < 2:
        raise NotACloudEvent("type", "text that ends with ENTITY.EVENT, as in Order.update", type_)
    return parts[-2], parts[-1]


def _data_of(event: Mapping[str, object]) -> Mapping[str, object]:
    kind = event.get("datacontenttype", "application/json")
    if not str(kind).partition(";")[0].strip().lower().endswith("json"):
        raise NotACloudEvent("datacontenttype", "application/json", kind)
    data = event.get("data")
    if not isinstance(data, Mapping):
        raise NotACloudEvent("data", "an object with `new` and `old`", data)
    return data


def _attribute_text(event: Mapping[str, object], name: str) -> str:
    value = event.get(name)
    if not isinstance(value, str) or not value:
        raise NotACloudEvent(name, "text", value)
    return value
