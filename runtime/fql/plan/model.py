"""The plan: what the compiler writes and the runtime carries out. Frozen, and data only.

Shapes are promises (see `docs/reference/plan.md`). All durations are integer milliseconds, all
sizes bytes. Expressions are stored as JSON (`fql.plan.stored.codec` turns them into
`fql.plan.language.expressions`), types in their text form (`fql.plan.language.types`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)

from fql.plan.origin import TEXT, Origin, parse_origin
from fql.plan.web.formats import Format

FORMAT = "fql-plan/1"
_SEALED = "_sealed"

Json = dict[str, object]
"""An expression in its stored form."""


class Part(BaseModel):
    """Base of all parts of a plan: frozen. A key that is not known is refused, because what a later
    compiler means by it would be left undone without a word."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Span(Part):
    """A half-open stretch of a source; lines and columns from 1, columns in characters."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


class Source(Part):
    """One `.fql` file the plan was made from."""

    path: str
    sha256: str


class EnvironmentName(Part):
    """A `${NAME}` and where it is used."""

    name: str
    used_by: tuple[str, ...]


class EntityField(Part):
    """A field of an entity or declared type."""

    name: str
    type: str
    column: str = ""
    key: bool = False
    sensitive: bool = False
    doc: str = ""


class Entity(Part):
    """A watched kind of row. `table` is empty where it exists in the application only."""

    name: str
    table: str = ""
    fields: tuple[EntityField, ...]
    doc: str = ""


class DeclaredType(Part):
    """A `type`: an object inside a row or a response. One that a contract describes is called by
    the way to it, `observer.action.field`, and has the fields that later actions read."""

    name: str
    fields: tuple[EntityField, ...]
    doc: str = ""


class Enum(Part):
    """An `enum`."""

    name: str
    members: tuple[str, ...]
    doc: str = ""


StoredOrigin = Annotated[
    Origin,
    BeforeValidator(lambda text: parse_origin(text) if isinstance(text, str) else text),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "pattern": f"^{TEXT}$"}),
]


class Setting(Part):
    """An effective policy value and the level it came from: `action NAME`, `observer NAME`,
    `endpoint NAME`, `defaults`, `fql.toml` or `default`, with `retry NAME, in` before it where
    that level names a policy."""

    value: object
    origin: StoredOrigin


Policies = dict[str, Setting]
"""Effective settings by dotted key, such as `retry.max_attempts`, `timeout`, `signing.secret`.
The keys are those of `fql.plan.policies`."""


class Header(Part):
    """A request header; `value` is a text expression."""

    name: str
    value: Json


class Endpoint(Part):
    """A receiver. Its url, headers and policies are read from the active plan at send time."""

    name: str
    url: Json
    headers: tuple[Header, ...] = ()
    policies: Policies = Field(default_factory=dict)
    doc: str = ""
    span: Span | None = None


class Limit(Part):
    """What one receiver may get: an endpoint by name or an origin `https://host:port`."""

    endpoint: str
    policies: Policies


class Trigger(Part):
    """What an observer watches."""

    entity: str
    event: Literal["insert", "update", "delete"]


class Requirements(Part):
    """What the source of events must supply."""

    old_values: tuple[str, ...] = ()


class OrderBy(Part):
    """One run at a time for each value of `by`."""

    by: Json
    on_dead: Literal["skip", "block"] = "skip"


class NodeConfig(Part):
    """What an action sends.

    Of a `webhook` exactly one of `url` (a whole url) and `endpoint` (a name, with `path` appended)
    is given. `headers` are the action's own; an endpoint's are merged at send time, the action's
    win. `body` None is the event envelope, unless the `format` is `none`: then nothing is sent.
    `response` is the type of the answer, or None.
    Actions of other kinds keep the rest in `settings`: `publish` its `subject`, with `headers` and
    `body` as above; `call` its `function`, a constant text, and its `arguments`, an object.
    """

    method: str = "POST"
    endpoint: str | None = None
    url: Json | None = None
    path: Json | None = None
    headers: tuple[Header, ...] = ()
    body: Json | None = None
    format: Format = "json"
    response: str | None = None
    settings: dict[str, Json] = Field(default_factory=dict)


class JudgedBy(Part):
    """What an action was checked by: the operation of a contract, empty for JSON Schemas; the
    SHA-256 is over the canonical JSON of all that it reaches."""

    file: str
    operation: str
    sha256: str


class PlanNode(Part):
    """One action of an observer's DAG."""

    name: str
    kind: str
    doc: str = ""
    when: Json | None = None
    config: NodeConfig
    policies: Policies = Field(default_factory=dict)
    span: Span | None = None
    contract: JudgedBy | None = None


class Edge(Part):
    """`to` after `source`; `source` None is the event."""

    source: str | None = Field(alias="from")
    to: str
    kind: Literal["sequence", "fan_out", "failure"]


class Observer(Part):
    """What it watches, under which condition, and the DAG of its actions."""

    name: str
    doc: str = ""
    on: tuple[Trigger, ...]
    requires: Requirements = Requirements()
    when: Json | None = None
    order_by: OrderBy | None = None
    nodes: tuple[PlanNode, ...]
    edges: tuple[Edge, ...]
    span: Span | None = None


class Plan(Part):
    """The whole artefact. Whoever reads one checks its format and digest first."""

    format: str
    compiler: str
    digest: str
    sources: tuple[Source, ...] = ()
    environment: tuple[EnvironmentName, ...] = ()
    enums: tuple[Enum, ...] = ()
    types: tuple[DeclaredType, ...] = ()
    entities: tuple[Entity, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    limits: tuple[Limit, ...] = ()
    observers: tuple[Observer, ...] = ()

    def model_copy(self, *, update: Mapping[str, object] | None = None, deep: bool = False) -> Self:
        """A copy, changed by `update` and sharing nothing where it is `deep`. It was not read from
        any bytes."""
        copied = super().model_copy(update=update, deep=deep)
        copied.__dict__.pop(_SEALED, None)
        return copied

    @property
    def names(self) -> dict[str, list[str]]:
        """The environment variables that it needs, each with what uses it."""
        return {wanted.name: list(wanted.used_by) for wanted in self.environment}


def sealed_of(plan: Plan) -> bytes | None:
    """The bytes that a plan was read from, where it was: what is at hand is not written again."""
    found: bytes | None = plan.__dict__.get(_SEALED)
    return found


def with_sealed(plan: Plan, sealed: bytes) -> Plan:
    """The plan, which remembers the bytes that it was read from."""
    plan.__dict__[_SEALED] = sealed
    return plan
