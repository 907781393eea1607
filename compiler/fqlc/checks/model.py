"""A checked program: blocks with typed expressions and settled values, for rules and lowering."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Literal

from fql.plan.language.expressions import Expr
from fql.plan.language.types import Type
from fql.plan.policy.levels import is_of_batches
from fql.plan.policy.table import OF_KINDS
from fql.plan.web.addresses import EgressSettings
from fql.plan.web.formats import Format
from fqlc.checks.flow.flows import FlowGraph
from fqlc.checks.levels import Given, Settings, merged
from fqlc.names.project import Project
from fqlc.names.symbols import EntityInfo
from fqlc.source.files import FileNames
from fqlc.source.text import Span
from fqlc.syntax.tree import ast
from fqlc.types.scope import ExprScope

if TYPE_CHECKING:
    from fqlc.contracts.library import Shelf
    from fqlc.contracts.model import Binding

EventName = Literal["insert", "update", "delete"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a compile knows beside the sources: policies and egress of `fql.toml`, and how the plan
    names files."""

    policies: Settings = field(default_factory=dict)
    egress: EgressSettings = field(default_factory=EgressSettings)
    file: str = "fql.toml"
    names: FileNames = field(default_factory=FileNames)
    shelf: Shelf | None = None
    """Where what was found out about contracts is kept."""

    @property
    def batches(self) -> bool:
        """True when the project batches every action whose body uses `each`."""
        return "batch.size" in self.policies


@dataclass(frozen=True, slots=True)
class Written:
    """A checked text with the literal that it came from."""

    expr: Expr
    literal: ast.StringLiteral


class Unusable(Enum):
    """Of a contract that is meant to judge and cannot: why was reported, so what is answered is
    not known."""

    REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class EndpointModel:
    """An `endpoint` block."""

    name: str
    block: ast.Block
    url: Written | None
    accepts: frozenset[str] | None
    """None where it is given and cannot be read."""
    settings: Settings
    contract: tuple[str, Span] | Unusable | None = None
    """The file of its contract, and where it is named."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where an action goes, by its kind. A `webhook` has a `url`, or an `endpoint` and a `path`; a
    `publish` a `subject`; a `call` a `function`, empty where it could not be read. `accepts` is
    what a block of its own kind says of what it may be sent; None where it cannot be read."""

    endpoint: str | None = None
    url: Written | None = None
    path: Written | None = None
    method: str = "POST"
    format: Format = "json"
    subject: Written | None = None
    function: str = ""
    accepts: frozenset[str] | None = frozenset()


@dataclass(frozen=True, slots=True)
class ActionModel:
    """An action of an observer. `batched` when it collects events, by itself or by `fql.toml`.

    `scope` is what its body can see. The `body` of a call is the object of its arguments.
    """

    name: str
    kind: str
    block: ast.Block
    settings: Settings
    scope: ExprScope
    when: Expr | None = None
    target: Target = field(default_factory=Target)
    body: Expr | None = None
    body_span: Span | None = None
    response: Type | None = None
    batched: bool = False
    contract: Binding | None = None
    """The operation that it is judged by."""
    answered: Type | None = None
    """The type of the answer by its contract; it is the `response` where none is declared."""

    @property
    def endpoint(self) -> str | None:
        """The endpoint that it names."""
        return self.target.endpoint

    @property
    def sends_event(self) -> bool:
        """True where the whole event is sent, because no body is given."""
        return self.body is None and self.target.format != "none"


@dataclass(frozen=True, slots=True)
class Order:
    """`order_by` of an observer."""

    by: Expr
    on_dead: str
    span: Span


@dataclass(frozen=True, slots=True)
class ObserverModel:
    """An `observer` block. `sound` is False where something in it could not be read."""

    name: str
    block: ast.Block
    entity: EntityInfo | None
    events: tuple[EventName, ...]
    when: Expr | None
    settings: Settings
    graph: FlowGraph
    actions: tuple[ActionModel, ...]
    scope: ExprScope
    order_by: Order | None = None
    sound: bool = True

    def action(self, name: str) -> ActionModel | None:
        """The action of that name."""
        return next((a for a in self.actions if a.name == name), None)


@dataclass(frozen=True, slots=True)
class Program:
    """Everything that was declared."""

    project: Project
    observers: tuple[ObserverModel, ...]
    endpoints: Mapping[str, EndpointModel]
    retries: Mapping[str, Settings]
    defaults: Settings
    surroundings: Surroundings
    roots: frozenset[str]

    def levels(self) -> Iterator[Settings]:
        """The settings of each place where policies can be written, except for `retry` policies."""
        yield self.defaults
        for endpoint in self.endpoints.values():
            yield endpoint.settings
        for observer in self.observers:
            yield observer.settings
            for action in observer.actions:
                yield action.settings

    def effective(self, observer: ObserverModel, action: ActionModel) -> dict[str, Given]:
        """The policies of an action with the level that each came from."""
        endpoint = self.endpoints.get(action.endpoint or "")
        given = endpoint.settings if endpoint else {}
        project = dict(self.surroundings.policies)
        if not action.batched:
            project = {k: v for k, v in project.items() if not is_of_batches(k)}
        farther = (observer.settings, given, self.defaults, project)
        return merged((action.settings, *(_meant_for(action.kind, level) for level in farther)))

    def effective_at(self, endpoint: EndpointModel) -> dict[str, Given]:
        """The policies of an endpoint by itself."""
        levels = (endpoint.settings, self.defaults, self.surroundings.policies)
        return {key: given for key, given in merged(levels).items() if not is_of_batches(key)}


def _meant_for(kind: str, level: Settings) -> Settings:
    """What of a level holds for actions of a kind."""
    taken = OF_KINDS[kind]
    return {key: given for key, given in level.items() if key.partition(".")[0] in taken}
