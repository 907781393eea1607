"""What an action sees of the others: the answers and errors that certainly exist when it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fql.plan.language.expressions import Binary, Expr
from fql.plan.language.types import ERROR, Type
from fqlc.checks.flow.availability import Certainty
from fqlc.checks.reading.entries import action_kind, meant_keys
from fqlc.checks.table.blocks import PUBLISH
from fqlc.checks.table.keys import BlockKind
from fqlc.diagnostics.model import Label
from fqlc.syntax.tree import ast
from fqlc.types.facts import DOUBT, NOTHING, Facts, key_of
from fqlc.types.infer import facts_of
from fqlc.types.scope import ActionView

if TYPE_CHECKING:
    from fqlc.contracts.model import Binding


def facts_after(block: ast.Block, kind: BlockKind, condition: Expr | None) -> Facts:
    """What is known where the `when` of a block holds; doubt where it has another name."""
    if condition is not None:
        return facts_of(condition, holds=True)
    pairs = [(entry.key, entry.value) for entry in block.entries]
    return DOUBT if "when" in meant_keys(pairs, kind.keys) else NOTHING


@dataclass(frozen=True, slots=True)
class Sight:
    """The actions of one observer as others see them; grows while they are read in order.

    `responses` and `guards` hold what is known of the actions before, `bindings` the contracts.
    """

    certainty: Certainty
    blocks: Mapping[str, ast.Block]
    responses: dict[str, Type | None]
    guards: dict[str, Expr | None]
    bindings: dict[str, Binding | None] = field(default_factory=dict)
    answered: dict[str, Type | None] = field(default_factory=dict)

    def views(self, name: str, guard: Expr | None) -> Mapping[str, ActionView]:
        """All actions as `name` sees them, its own `when` being `guard`."""
        return _Views(self, name, guard)

    def failure_facts(self, name: str) -> Facts:
        """What follows from the actions that are certainly dead: their `when` was true."""
        facts = NOTHING
        for dead in self.certainty.dead_before(name):
            guard = self.guards.get(dead)
            if guard is not None:
                facts = facts.both(facts_of(guard, holds=True))
        return facts

    def view(self, name: str, other: str, guard: Expr | None) -> ActionView:
        """`other` as `name` sees it."""
        seen = self._seen(name, other, guard)
        if seen.response is None and _is_wordless(self.bindings.get(other)):
            return replace(seen, wordless=True)
        block = self.blocks.get(other)
        if block is None or action_kind(block) is not PUBLISH:
            return seen
        return replace(
            seen, response_state="absent", absent_reason="a `publish` has no answer",
            absent_labels=self._labels(other), absent_advice="read the answer of another action",
        )  # fmt: skip

    def _seen(self, name: str, other: str, guard: Expr | None) -> ActionView:
        response = self.responses.get(other)
        graph = self.certainty.graph
        if other in graph.unread:
            return ActionView(other, ERROR, "yes", error_state="yes")
        if graph.order is None or not graph.complete:
            return ActionView(other, response, "yes", error_state="yes")
        if self.certainty.holds(name, ("ok", other)):
            state = "yes" if self._implied(other, guard) else "nullable"
            return ActionView(
                other, response, "yes" if state == "yes" else "nullable",
                "" if state == "yes" else f"`{other}` may have been skipped by its `when`",
                () if state == "yes" else self._guard_label(other),
            )  # fmt: skip
        if self.certainty.holds(name, ("dead", other)):
            reason = f"`{name}` runs when `{other}` is dead, so there is no answer"
            return ActionView(other, response, "absent", reason, error_state="yes")
        return ActionView(other, response, "absent", self._why_absent(name, other),
                          self._labels(other))  # fmt: skip

    def _implied(self, other: str, guard: Expr | None) -> bool:
        """True when the other action was not skipped: it has no `when`, or ours contains it."""
        wanted = self.guards.get(other)
        if wanted is None:
            return True
        ours = {key_of(part) for part in conjuncts(guard)} if guard is not None else set()
        return all(key_of(part) in ours for part in conjuncts(wanted))

    def _why_absent(self, name: str, other: str) -> str:
        if name == other:
            return "an action cannot read its own answer"
        graph = self.certainty.graph
        if name in graph.behind(other):
            return f"`{other}` comes before `{name}` on some paths only"
        if other in graph.behind(name):
            return f"`{other}` runs after `{name}`"
        return f"the flow does not put `{other}` before `{name}`"

    def _labels(self, other: str) -> tuple[Label, ...]:
        block = self.blocks.get(other)
        return (Label(block.header, f"`{other}` is declared here"),) if block else ()

    def _guard_label(self, other: str) -> tuple[Label, ...]:
        block = self.blocks.get(other)
        guards = [e.value for e in block.entries if e.key.text == "when"] if block else []
        return tuple(Label(g.span, f"`{other}` runs only when this is true") for g in guards)


def _is_wordless(binding: Binding | None) -> bool:
    """True where a contract tells of an answer that is not JSON."""
    if binding is None:
        return False
    from fqlc.contracts.shapes import is_wordless

    return is_wordless(binding.operation)


def before_all(blocks: Mapping[str, ast.Block]) -> Mapping[str, ActionView]:
    """The actions as the `when` and `order_by` of their observer see them: none has run yet."""
    return {
        name: ActionView(
            name, None, "absent", "this is read before any action runs",
            (Label(block.header, f"`{name}` is declared here"),),
            absent_advice=f"put the condition in the `when` of an action after `{name}`",
        )
        for name, block in blocks.items()
    }  # fmt: skip


class _Views(Mapping[str, ActionView]):
    """Views made when they are asked for: most actions look at few others."""

    def __init__(self, sight: Sight, name: str, guard: Expr | None) -> None:
        self._sight, self._name, self._guard = sight, name, guard

    def __getitem__(self, other: str) -> ActionView:
        if other not in self:
            raise KeyError(other)
        return self._sight.view(self._name, other, self._guard)

    def __contains__(self, other: object) -> bool:
        return other in self._sight.blocks or other in self._sight.certainty.graph.unread

    def __iter__(self) -> Iterator[str]:
        return iter(self._sight.blocks)

    def __len__(self) -> int:
        return len(self._sight.blocks)


def conjuncts(condition: Expr) -> Iterator[Expr]:
    """The parts that `&&` joins."""
    if isinstance(condition, Binary) and condition.op == "and":
        yield from conjuncts(condition.left)
        yield from conjuncts(condition.right)
    else:
        yield condition
