"""A small checker around the room: every expression of a program, without the rules of blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from fql.plan.language import expressions as e
from fqlc.diagnostics.model import Diagnostic
from fqlc.diagnostics.sink import Sink
from fqlc.names.project import Project, resolve_project
from fqlc.source.text import SourceText
from fqlc.syntax.parsing.parser import parse_file
from fqlc.syntax.tree import ast
from fqlc.types.infer import (
    ActionView,
    ExprScope,
    check_body,
    check_condition,
    check_fields,
    check_lets,
    check_text,
    response_type,
)
from fqlc.types.truth.domains import always_true, unsatisfiable


@dataclass
class Checked:
    """A program after the check: its expressions by `observer.key` or `observer.action.key`."""

    text: str
    project: Project
    sink: Sink
    values: dict[str, e.Expr]
    scopes: dict[str, ExprScope]

    @property
    def found(self) -> tuple[Diagnostic, ...]:
        """What was reported."""
        return self.sink.found

    def written(self, diagnostic: Diagnostic) -> str:
        """The source of the primary span."""
        return self.text[diagnostic.span.start : diagnostic.span.end]


def check(text: str) -> Checked:
    """Check all expressions of a program."""
    sink = Sink()
    file = parse_file(SourceText("case.fql", text), sink)
    project = resolve_project([file], sink)
    checked = Checked(text, project, sink, {}, {})
    check_lets(project, sink)
    check_fields(project, sink)
    for symbol in project.observers.values():
        if isinstance(symbol.declaration, ast.Block):
            _observer(symbol.declaration, checked)
    return checked


def _entries(block: ast.Block) -> Mapping[str, ast.Entry]:
    return {entry.key.text: entry for entry in block.entries}


def _observer(block: ast.Block, checked: Checked) -> None:
    entries = _entries(block)
    name = block.name.text if block.name else ""
    scope = _scope(entries.get("on"), checked)
    if "when" in entries:
        when = _condition(f"{name}.when", entries["when"].value, scope, checked)
        del when
    scope = replace(scope, actions=_views(block, checked))
    for action in block.blocks:
        _action(f"{name}.{action.name.text if action.name else ''}", action, scope, checked)


def _scope(on: ast.Entry | None, checked: Checked) -> ExprScope:
    triggers = list(_triggers(on.value)) if on else []
    entity = checked.project.entity(triggers[0][0]) if triggers else None
    return ExprScope(
        checked.project, "case.fql", entity, frozenset(event for _, event in triggers),
        trigger=on.value.span if on else None,
    )  # fmt: skip


def _triggers(value: ast.Expr) -> Iterator[tuple[str, str]]:
    if isinstance(value, ast.ListLiteral):
        for item in value.items:
            yield from _triggers(item)
    elif isinstance(value, ast.MemberAccess) and isinstance(value.of, ast.NameUse):
        yield value.of.text, value.name.text


def _views(block: ast.Block, checked: Checked) -> Mapping[str, ActionView]:
    """Every action is seen by all; `guarded...` may be skipped, `later...` does not come before,
    `failed...` is what the others run behind."""
    views: dict[str, ActionView] = {}
    for action in block.blocks:
        if action.name is None:
            continue
        name = action.name.text
        entry = _entries(action).get("response")
        of = response_type(entry.value, checked.project, checked.sink) if entry else None
        views[name] = ActionView(
            name, of,
            "nullable" if name.startswith("guarded") else
            "absent" if name.startswith("later") else "yes",
            error_state="yes" if name.startswith("failed") else "absent",
        )  # fmt: skip
    return views


def _condition(name: str, expr: ast.Expr, scope: ExprScope, checked: Checked) -> e.Expr:
    value = check_condition(expr, scope, checked.sink)
    checked.values[name], checked.scopes[name] = value, scope
    never, always = unsatisfiable(value, scope), always_true(value, scope)
    if never is not None:
        checked.sink.error("FQL231", never.message, never.span, labels=never.labels)
    if always is not None:
        checked.sink.warning("FQL232", always.message, always.span, labels=always.labels)
    return value


def _action(name: str, block: ast.Block, scope: ExprScope, checked: Checked) -> None:
    entries = _entries(block)
    inner = replace(scope, batch="outside") if "batch" in entries else scope
    for key, entry in entries.items():
        place = f"{name}.{key}"
        if key == "when":
            _condition(place, entry.value, scope, checked)
        elif key == "body":
            checked.values[place] = check_body(entry.value, inner, checked.sink)
            checked.scopes[place] = inner
        elif key in ("url", "path", "header") and isinstance(entry.value, ast.StringLiteral):
            kind = key
            checked.values[place] = check_text(
                entry.value, inner, checked.sink,
                "url" if kind == "url" else "path" if kind == "path" else "header",
            )  # fmt: skip
            checked.scopes[place] = inner
