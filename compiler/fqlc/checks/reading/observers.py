"""Reading an observer: triggers, condition, flow, and its actions in the order of the flow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from fql.plan.language.types import ERROR
from fql.plan.origin import Origin
from fqlc.checks.flow.availability import Certainty
from fqlc.checks.flow.flows import FlowGraph, graph_of
from fqlc.checks.model import ActionModel, EventName, ObserverModel, Order, Unusable
from fqlc.checks.reading.actions import ActionReader
from fqlc.checks.reading.entries import (
    Found,
    block_entries,
    is_meant,
    known_entries,
    report_missing,
)
from fqlc.checks.reading.tools import Tools
from fqlc.checks.reading.triggers import read_triggers
from fqlc.checks.reading.views import Sight, before_all, facts_after
from fqlc.checks.table.blocks import OBSERVER
from fqlc.diagnostics.model import Label
from fqlc.diagnostics.sink import Sink
from fqlc.names.fields import BUILTIN_NAMES
from fqlc.names.symbols import EntityInfo
from fqlc.source.text import Span
from fqlc.syntax.tree import ast
from fqlc.types.infer import check_condition, infer
from fqlc.types.scope import ExprScope


@dataclass(frozen=True, slots=True)
class _Watched:
    """What `on` says."""

    entity: EntityInfo | None
    events: tuple[EventName, ...]


def read_observer(tools: Tools, block: ast.Block) -> ObserverModel:
    """The model of an `observer` block."""
    name = block.name.text if block.name else ""
    found = block_entries(block, OBSERVER, tools.sink)
    watched = _watched(tools, found)
    scope = replace(_scope(tools, block, found, watched), lacks_actions=_lacks_actions(block))
    blocks = _actions(block, watched.entity, tools.sink)
    early = replace(scope, actions=before_all(blocks))
    when = check_condition(found["when"].value, early, tools.sink) if "when" in found else None
    facts = facts_after(block, OBSERVER, when)
    inner = scope.knowing(facts)
    graph = _graph(block, blocks)
    reader = ActionReader(tools, name, inner)
    return ObserverModel(
        name=name,
        block=block,
        entity=watched.entity,
        events=watched.events,
        when=when,
        settings=tools.settings(replace(inner, allow_environment=True)).policies(
            found, Origin("observer", name)
        ),
        graph=graph,
        actions=_read_actions(reader, blocks, graph),
        scope=inner,
        order_by=_order(tools, found.get("order_by"), early.knowing(facts)),
        sound=block.sound and bool(watched.events),
    )


def _graph(block: ast.Block, actions: Mapping[str, ast.Block]) -> FlowGraph:
    names = [action.name for action in actions.values() if action.name]
    other = (b.name for b in block.blocks if not is_meant(b, OBSERVER))
    unread = frozenset(name.text for name in other if name and name.text not in actions)
    return graph_of(block.flow, names, unread, complete=not _lacks_actions(block))


def _lacks_actions(block: ast.Block) -> bool:
    """True where actions or their names could not be read."""
    return not block.sound or any(child.name is None for child in block.blocks)


def _watched(tools: Tools, found: Mapping[str, Found]) -> _Watched:
    if "on" not in found:
        return _Watched(None, ())
    name, events = read_triggers(found["on"].value, tools.project, tools.sink)
    return _Watched(tools.project.entity(name) if name else None, events)


def _scope(
    tools: Tools, block: ast.Block, found: Mapping[str, Found], watched: _Watched
) -> ExprScope:
    """Where it is not known which row is meant, every field may be one of it."""
    unknown = EntityInfo("", "entity", {}, block.header, broken=True)
    return ExprScope(
        tools.project,
        tools.path,
        watched.entity or unknown,
        frozenset(watched.events),
        trigger=found["on"].value.span if "on" in found else None,
    )


def _actions(block: ast.Block, entity: EntityInfo | None, sink: Sink) -> dict[str, ast.Block]:
    """The actions by name; reports names that are taken."""
    found: dict[str, ast.Block] = {}
    for child in block.blocks:
        if not is_meant(child, OBSERVER):
            continue
        if child.name is None:
            if child.sound:
                text = f"an action needs a name: `{child.kind.text} NAME {{`"
                sink.error("FQL205", text, child.header, label="the name is missing")
        elif child.name.text in found:
            _taken(child.name, found[child.name.text].header, "another action", sink)
        else:
            _refuse_field_name(child.name, entity, sink)
            found[child.name.text] = child
    return found


def _refuse_field_name(name: ast.Name, entity: EntityInfo | None, sink: Sink) -> None:
    if name.text in BUILTIN_NAMES:
        text = f"`{name.text}` is a built-in name and cannot be an action"
        sink.error("FQL203", text, name.span, label="built-in name")
    field = entity.fields.get(name.text) if entity else None
    if field is not None and entity is not None:
        _taken(name, field.span, f"a field of `{entity.name}`", sink)


def _taken(name: ast.Name, first: Span, what: str, sink: Sink) -> None:
    sink.error(
        "FQL203",
        f"the action `{name.text}` has the name of {what}",
        name.span,
        label="taken",
        labels=(Label(first, f"{what} of this name"),),
        help=("give the action another name",),
    )


def _read_actions(
    reader: ActionReader, blocks: Mapping[str, ast.Block], graph: FlowGraph
) -> tuple[ActionModel, ...]:
    """The actions in the order written, read in the order of the flow."""
    sight = Sight(Certainty(graph), blocks, {}, {})
    read: dict[str, ActionModel] = {}
    for name in graph.names:
        bound = reader.binding(blocks[name])
        binding = sight.bindings[name] = None if isinstance(bound, Unusable) else bound
        answer = sight.answered[name] = reader.answer(name, binding)
        unknown = isinstance(bound, Unusable)
        sight.responses[name] = reader.response(blocks[name], ERROR if unknown else answer)
    for name in graph.order or graph.names:
        read[name] = reader.read(name, blocks[name], sight)
    return tuple(read[name] for name in graph.names)


def _order(tools: Tools, found: Found | None, scope: ExprScope) -> Order | None:
    if found is None:
        return None
    value = found.value
    if not isinstance(value, ast.ObjectLiteral):
        return Order(infer(value, scope, tools.sink), "skip", value.span)
    pairs = [(e.key, e.value) for e in value.entries if e.key is not None]
    keys = known_entries(pairs, found.key.keys, "`order_by`", tools.sink)
    report_missing(found.key.keys, keys, value.span, "`order_by`", tools.sink)
    if "by" not in keys:
        return None
    on_dead = tools.value(keys.get("on_dead"))
    by = infer(keys["by"].value, scope, tools.sink)
    return Order(by, on_dead if isinstance(on_dead, str) else "skip", value.span)
