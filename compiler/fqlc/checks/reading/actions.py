"""Reading an action: what it sends, and what it may see while doing so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from fql.plan.language.expressions import Expr
from fql.plan.language.types import ERROR, Type
from fql.plan.origin import Origin
from fqlc.checks.levels import Settings, usable
from fqlc.checks.model import ActionModel, EndpointModel, Unusable
from fqlc.checks.reading.entries import Found, action_kind, block_entries, is_read_in_full
from fqlc.checks.reading.targets import arguments_of, target_of
from fqlc.checks.reading.tools import Tools
from fqlc.checks.reading.views import Sight, facts_after
from fqlc.checks.table.blocks import CALL, PUBLISH, WEBHOOK
from fqlc.checks.table.keys import BlockKind
from fqlc.syntax.tree import ast
from fqlc.types.infer import check_body, check_condition, response_type
from fqlc.types.scope import BatchPlace, ExprScope
from fqlc.types.values.bodies import has_each

if TYPE_CHECKING:
    from fqlc.contracts.model import Binding


class ActionReader:
    """Reads the actions of one observer. `scope` is that of its `when`, which holds in them."""

    def __init__(self, tools: Tools, observer: str, scope: ExprScope) -> None:
        self._tools = tools
        self._observer = observer
        self._scope = scope

    def binding(self, block: ast.Block) -> Binding | Unusable | None:
        """The operation of a contract that a block is judged by."""
        if not _has_contract(block, self._tools.endpoints):
            return None
        from fqlc.checks.reading.contract.operation import binding_of

        return binding_of(self._tools, block)

    def answer(self, name: str, binding: Binding | None) -> Type | None:
        """The type of the answer by the contract; None where it tells of no
        JSON."""
        if binding is None:
            return None
        from fqlc.checks.reading.contract.operation import answer_of

        return answer_of(self._tools, self._observer, name, binding)

    def response(self, block: ast.Block, answer: Type | None) -> Type | None:
        """The type of the answer that a block declares, else that of its contract."""
        if action_kind(block) is PUBLISH:
            return None
        value = next((e.value for e in block.entries if e.key.text == "response"), None)
        if value is None and not is_read_in_full(block):
            return ERROR
        if value is None or _is_null(value):
            return answer
        return response_type(value, self._tools.project, self._tools.sink)

    def read(self, name: str, block: ast.Block, sight: Sight) -> ActionModel:
        """The model of an action; notes its `when` in `sight`."""
        tools, kind = self._tools, action_kind(block)
        found = block_entries(block, kind, tools.sink)
        outer = self._scope.knowing(sight.failure_facts(name))
        outer = replace(outer, actions=sight.views(name, None))
        when = check_condition(found["when"].value, outer, tools.sink) if "when" in found else None
        sight.guards[name] = when
        scope = replace(outer, actions=sight.views(name, when))
        scope = scope.knowing(facts_after(block, kind, when))
        return self._sending(name, block, found, scope, sight)

    def _sending(
        self, name: str, block: ast.Block, found: Mapping[str, Found], scope: ExprScope,
        sight: Sight,
    ) -> ActionModel:  # fmt: skip
        kind = action_kind(block)
        place = self._place(found.get("batch")) if kind is WEBHOOK else "none"
        inside = replace(scope, batch=place)
        body = self._body(kind, found, inside)
        own = place == "outside"
        batched = own or (place == "project" and "body" in found and has_each(found["body"].value))
        text = replace(scope, batch="outside" if batched else "none", allow_environment=True)
        sent = found.get("arguments" if kind is CALL else "body")
        target = target_of(self._tools, block, found, text)
        return ActionModel(
            name=name,
            kind=kind.name,
            block=block,
            settings=self._settings(kind, found, text, Origin("action", name)),
            scope=inside,
            when=sight.guards[name],
            target=target,
            body=body,
            body_span=sent.value.span if sent is not None else None,
            response=sight.responses.get(name),
            batched=batched,
            contract=sight.bindings.get(name),
            answered=sight.answered.get(name),
        )

    def _body(self, kind: BlockKind, found: Mapping[str, Found], scope: ExprScope) -> Expr | None:
        if kind is CALL:
            return arguments_of(self._tools, found.get("arguments"), scope)
        if "body" not in found:
            return None
        return check_body(found["body"].value, scope, self._tools.sink)

    def _settings(
        self, kind: BlockKind, found: Mapping[str, Found], scope: ExprScope, origin: Origin
    ) -> Settings:
        """The policies of an action; those of a message include its headers, which no other level
        gives."""
        reader = self._tools.settings(scope)
        settings = reader.policies(found, origin)
        headers = found.get("headers")
        if kind is PUBLISH and headers is not None:
            settings |= usable(reader.policy(headers.key, headers.value, origin).items())
        return settings

    def _place(self, batch: Found | None) -> BatchPlace:
        """Whether it collects events: `batch: null` switches the project's batching off."""
        if batch is None:
            return "project" if self._tools.surroundings.batches else "none"
        return "none" if _is_null(batch.value) else "outside"


def _has_contract(block: ast.Block, endpoints: Mapping[str, EndpointModel]) -> bool:
    """True where a block or its endpoint has a `contract`. What reads contracts is imported only
    then."""
    written = {entry.key.text: entry.value for entry in block.entries}
    use = written.get("endpoint")
    endpoint = endpoints.get(use.text) if isinstance(use, ast.NameUse) else None
    return "contract" in written or (endpoint is not None and endpoint.contract is not None)


def _is_null(value: ast.Expr) -> bool:
    return isinstance(value, ast.WordLiteral) and value.value is None
