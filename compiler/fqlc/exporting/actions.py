"""The actions of a plan as their receivers know them: endpoint, policies, body, answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from fql.plan.kinds import CALL, arguments_of, own_endpoint
from fql.plan.language import expressions as x
from fql.plan.language.nodes import load_expression
from fql.plan.language.types import parse_type
from fql.plan.model import Endpoint, Header, Json, Observer, Plan, PlanNode, Policies
from fql.plan.policies import effective, value_of
from fql.plan.table import TypeTable
from fql.plan.web.formats import MEDIA_TYPES
from fql.plan.web.headers import BODYLESS
from fqlc.contracts.judging.wire.urls import parts_of, query_of, split_url
from fqlc.emit.picture import condition_text
from fqlc.exporting.shapes import (
    NULL,
    SEALED,
    STRING,
    Const,
    Items,
    Named,
    Object,
    Property,
    Scalar,
    Shape,
    members,
    union,
    without_null,
)
from fqlc.exporting.typed import Shaper, constant, sealing, typed


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent: its media type, without parameters, and its shape. That of a form is the
    object that the form holds, that of text and XML a text."""

    media: str
    shape: Shape


@dataclass(frozen=True)
class Action:
    """One action with what decides how its requests look. `policies` are the effective ones."""

    observer: Observer
    node: PlanNode
    endpoint: Endpoint | None
    policies: Policies
    names: TypeTable

    @property
    def name(self) -> str:
        """`observer.action`."""
        return f"{self.observer.name}.{self.node.name}"

    @cached_property
    def batch(self) -> int | None:
        """How many events a call holds at most; None without batches."""
        size = value_of(self.policies, "batch.size")
        return size if isinstance(size, int) else None

    @cached_property
    def headers(self) -> Mapping[str, Header]:
        """The headers that the plan names, by their names in lower case: the action's over those of
        its endpoint, without those that are switched off."""
        shared = self.endpoint.headers if self.endpoint else ()
        merged = {h.name.lower(): h for h in (*shared, *self.node.config.headers)}
        return {name: h for name, h in merged.items() if header_shape(h) != NULL}

    @cached_property
    def query(self) -> Mapping[str, Shape]:
        """What is in the query of the url, by the names that are known before it is sent. A value
        with a hole that is all of it has the type of that."""
        config = self.node.config
        stored = config.path if self.endpoint is not None else config.url
        _, parts = split_url(parts_of(load_expression(stored) if stored else None))
        return {name: self._in_url(e) for name, e in query_of(parts).values.items()}

    def _in_url(self, e: x.Expr) -> Shape:
        return constant(e.value, e.type) if isinstance(e, x.Constant) else typed(e.type)

    @cached_property
    def body(self) -> Body | None:
        """What it sends; None for nothing. Of a call its arguments."""
        config = self.node.config
        if self.node.kind == CALL:
            stored = arguments_of(config)
            return Body(MEDIA_TYPES["json"], self._shape(stored) if stored else Object())
        media = self._media()
        if config.format == "none" or media is None or config.method in BODYLESS:
            return None
        if config.format in ("text", "xml"):
            return Body(media, SEALED if self.sealed == frozenset() else STRING)
        shape = self._shape(config.body) if config.body else self._envelopes()
        shape = in_a_form(shape) if config.format == "form" else shape
        sealed = self.sealed
        if sealed is not None:
            shape = sealing(shape, sealed, self.names) if sealed else SEALED
        return Body(media, shape)

    @cached_property
    def answer(self) -> Shape | None:
        """What an answer must be; None where nobody says."""
        text = self.node.config.response
        return typed(parse_type(text), "answer") if text else None

    def _media(self) -> str | None:
        own = self.headers.get("content-type")
        shape = header_shape(own) if own else None
        if own is not None and isinstance(shape, Const):
            return str(own.value["value"]).partition(";")[0].strip().lower()
        given = MEDIA_TYPES.get(self.node.config.format)
        return given.partition(";")[0] if given else None

    @cached_property
    def sealed(self) -> frozenset[str] | None:
        """The keys that are encrypted, none for the whole body; None without encryption."""
        if value_of(self.policies, "encryption.key") is None:
            return None
        fields = value_of(self.policies, "encryption.fields")
        return frozenset(map(str, fields)) if isinstance(fields, list | tuple) else frozenset()

    def _shape(self, stored: Json) -> Shape:
        return Shaper(self.names, self.batch).of(load_expression(stored))

    def _envelopes(self) -> Shape:
        """The event's envelope; of a batch the list of those of its events."""
        one = union(envelope(t.entity, t.event) for t in self.observer.on)
        return one if self.batch is None else Items(one, self.batch, 1)


def actions_of(plan: Plan) -> tuple[Action, ...]:
    """All actions of a plan, in its order."""
    names = TypeTable.of(plan)
    endpoints = {endpoint.name: endpoint for endpoint in plan.endpoints}
    return tuple(_actions(plan, endpoints, names))


def _actions(plan: Plan, endpoints: Mapping[str, Endpoint], names: TypeTable) -> Iterator[Action]:
    for observer in plan.observers:
        for node in observer.nodes:
            endpoint = endpoints.get(node.config.endpoint or "")
            yield Action(observer, node, endpoint, effective(node, endpoint), names)


def header_shape(header: Header) -> Shape:
    """The shape of a header's value: a literal, or a text. Null hides one of the endpoint."""
    value = load_expression(header.value)
    if isinstance(value, x.Constant):
        return constant(value.value, value.type)
    return STRING


def envelope(entity: str, event: str) -> Object:
    """The envelope of one kind of event."""
    row = Named(entity)
    rows = {
        "insert": (Property("new", row),),
        # What another plan has taken in may lack the old row of an update.
        "update": (Property("new", row), Property("old", row)),
        "delete": (Property("old", row),),
    }[event]
    return Object(
        (
            Property("entity", _word(entity)),
            Property("event", _word(event)),
            *rows,
            Property("id", STRING),
            Property("timestamp", Scalar("DateTime")),
        )
    )


def _word(text: str) -> Const:
    return Const(f'"{text}"')


def in_a_form(shape: Shape) -> Shape:
    """An object as a form holds it: null and the empty list are left out."""
    if not isinstance(shape, Object):
        return shape
    return replace(shape, properties=tuple(map(_form_property, shape.properties)))


def _form_property(each: Property) -> Property:
    shape = without_null(each.shape)
    may_lack = shape != each.shape or shape == NULL or _has_list(shape)
    if isinstance(shape, Items):
        shape = replace(shape, of=without_null(shape.of))
    return replace(each, shape=shape, required=each.required and not may_lack)


def _has_list(shape: Shape) -> bool:
    return any(isinstance(one, Items) for one in members(shape))


def receiver_of(action: Action) -> str:
    """The name of the endpoint of an action; for a url of its own the origin of that."""
    config = action.node.config
    return config.endpoint or own_endpoint(action.node) or _origin(config.url)


def url_text(action: Action) -> str:
    """The url of a webhook as it is written, holes and all: that of its endpoint with its path."""
    config, endpoint = action.node.config, action.endpoint
    if endpoint is None:
        return _without_quotes(config.url)
    return _without_quotes(endpoint.url).removesuffix("/") + _without_quotes(config.path)


def _without_quotes(stored: Json | None) -> str:
    return condition_text(stored).strip('"')


def _origin(url: Json | None) -> str:
    """`https://host` of a url; the text before the first `/` where the host is a `${NAME}`."""
    scheme, _, rest = _without_quotes(url).partition("://")
    return f"{scheme}://{rest.partition('/')[0]}" if rest else scheme.partition("/")[0]
