"""Where an expression is: what it can see, and what is known there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from fql.plan.language.expressions import Expr
from fql.plan.language.types import Type
from fqlc.diagnostics.model import Label
from fqlc.diagnostics.sink import Sink
from fqlc.names.project import Project
from fqlc.names.symbols import EntityInfo, FieldInfo
from fqlc.source.text import Span
from fqlc.syntax.tree import ast
from fqlc.types.facts import NOTHING, Facts

BatchPlace = Literal["none", "outside", "each", "project"]


@dataclass(frozen=True, slots=True)
class ActionView:
    """An action as a later one sees it.

    `response` is the declared type, None for `JSON?`. A response is `nullable` where the action
    may have been skipped, `absent` where it does not come before on every path; an error is
    there after a failure edge only. `absent_reason` says why, in words after "because",
    `absent_advice` what to do. It is `wordless` where its contract tells of no JSON to read.
    """

    name: str
    response: Type | None = None
    response_state: Literal["yes", "nullable", "absent"] = "yes"
    absent_reason: str = ""
    absent_labels: tuple[Label, ...] = ()
    absent_advice: str = ""
    error_state: Literal["yes", "absent"] = "absent"
    wordless: bool = False


@dataclass(frozen=True, slots=True)
class ExprScope:
    """What an expression can see.

    `batch` is `none` for ordinary places, `outside` and `each` in a batched action, `project`
    where only the project-wide setting may batch (it does when the body uses `each`).
    `lacks_actions` where some actions of the observer could not be read. `template` is set
    inside `{{ }}`, `constant` inside a `let`.
    """

    project: Project
    path: str
    entity: EntityInfo | None = None
    events: frozenset[str] = frozenset()
    actions: Mapping[str, ActionView] = field(default_factory=lambda: MappingProxyType({}))
    lacks_actions: bool = False
    facts: Facts = NOTHING
    batch: BatchPlace = "none"
    variables: Mapping[str, Type] = field(default_factory=lambda: MappingProxyType({}))
    allow_environment: bool = False
    template: bool = False
    constant: bool = False
    trigger: Span | None = None

    def knowing(self, facts: Facts) -> ExprScope:
        """The same place with more known."""
        known = self.facts.both(facts)
        return self if known is self.facts else replace(self, facts=known)

    def with_variable(self, name: str, of: Type) -> ExprScope:
        """The same place with a variable of `any`, `all` or `for`."""
        return replace(self, variables=MappingProxyType({**self.variables, name: of}))

    def possible_events(self) -> frozenset[str]:
        """The events that may have led here."""
        return self.facts.possible(self.events)

    def row_field(self, name: str) -> FieldInfo | None:
        """A field of the event's entity."""
        return None if self.entity is None else self.entity.named(name)

    def is_enum(self, of: Type | None) -> bool:
        """True for an enum type."""
        return of is not None and of.name in self.project.enum_infos


Visit = Callable[[ast.Expr, "Context", Type | None], Expr]


@dataclass(frozen=True, slots=True)
class Context:
    """A scope, the sink, and the way back to inference for parts of an expression."""

    scope: ExprScope
    sink: Sink
    visit: Visit

    def infer(self, expr: ast.Expr, expected: Type | None = None) -> Expr:
        """The typed form of a part."""
        return self.visit(expr, self, expected)

    def knowing(self, facts: Facts) -> Context:
        """The same with more known."""
        scope = self.scope.knowing(facts)
        return self if scope is self.scope else Context(scope, self.sink, self.visit)

    def within(self, scope: ExprScope) -> Context:
        """The same in another scope."""
        return Context(scope, self.sink, self.visit)

    def quiet(self) -> Context:
        """The same, with reports thrown away."""
        return replace(self, sink=Sink())
