"""Hints within the text: types that nobody wrote, and the policies that hold."""

from __future__ import annotations

from collections.abc import Iterator

from fqlc.checks.model import ActionModel, ObserverModel
from fqlc.emit.policy_text import value_text
from fqlc.services.answers import Hint, HintKind
from fqlc.services.hover import let_type
from fqlc.services.knowing import policies
from fqlc.services.knowing.showing import type_text
from fqlc.services.snapshot import Snapshot
from fqlc.source.text import Span
from fqlc.syntax.tree import ast

ALL = frozenset(HintKind)


def hints(
    snapshot: Snapshot, path: str, start: int, end: int, kinds: frozenset[HintKind] = ALL
) -> tuple[Hint, ...]:
    """The hints of a stretch of a file: types of `let`s and of answers, how long is tried again,
    and the timeout of actions that do not say it."""
    found = (
        Hint(span.start, hint.text, hint.kind)
        for hint in _all(snapshot, path)
        if hint.kind in kinds
        and (span := snapshot.now(Span(path, hint.offset, hint.offset))) is not None
        and start <= span.start <= end
    )
    return tuple(sorted(found, key=lambda hint: hint.offset))


def _all(snapshot: Snapshot, path: str) -> Iterator[Hint]:
    file = snapshot.file(path)
    for declaration in file.declarations if file is not None else ():
        if isinstance(declaration, ast.LetDeclaration):
            yield from _let(snapshot, declaration)
        elif isinstance(declaration, ast.Block) and declaration.name is not None:
            yield from _block(snapshot, declaration, declaration.name)


def _let(snapshot: Snapshot, declaration: ast.LetDeclaration) -> Iterator[Hint]:
    of = let_type(snapshot, declaration.name.text)
    if of is not None:
        yield Hint(declaration.name.span.end, f": {type_text(of)}", HintKind.TYPES)


def _block(snapshot: Snapshot, block: ast.Block, name: ast.Name) -> Iterator[Hint]:
    program = snapshot.program
    match block.kind.text:
        case "retry":
            yield from _schedule(name.span.end, policies.of_retry(program, name.text))
        case "endpoint":
            yield from _retry_key(block, policies.of_endpoint(program, name.text))
        case "observer":
            yield from _retry_key(block, policies.of_observer(program, name.text))
            for model in program.observers:
                if model.block is block:
                    for action in model.actions:
                        yield from _action(snapshot, model, action)


def _action(snapshot: Snapshot, model: ObserverModel, action: ActionModel) -> Iterator[Hint]:
    effective = snapshot.program.effective(model, action)
    yield from _retry_key(action.block, effective)
    name = action.block.name
    if name is None:
        return
    written = {entry.key.text for entry in action.block.entries}
    if action.response is not None and "response" not in written:
        yield Hint(name.span.end, f": {type_text(action.response)}", HintKind.TYPES)
    given = effective.get("timeout")
    if "timeout" not in written and given is not None and isinstance(given.value, int):
        text = f"timeout {value_text('timeout', given.value)}, {given.origin}"
        yield Hint(action.block.header.end, text, HintKind.TIMEOUT)


def _retry_key(block: ast.Block, effective: policies.Effective | None) -> Iterator[Hint]:
    """After the value of `retry`."""
    for entry in block.entries:
        if entry.key.text == "retry":
            yield from _schedule(entry.value.span.end, effective)


def _schedule(offset: int, effective: policies.Effective | None) -> Iterator[Hint]:
    if effective is not None:
        yield Hint(offset, policies.schedule_line(effective), HintKind.RETRY)
