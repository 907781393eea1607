"""What of contracts nobody judges: each place once, for `fqlc contract check --strict`."""

from __future__ import annotations

from collections.abc import Iterator

from fqlc.checks.contract.judged import bound_actions
from fqlc.checks.model import Program
from fqlc.checks.rules.contract_body import judged
from fqlc.contracts.judging.findings import Note
from fqlc.contracts.judging.parts.unions import subject
from fqlc.contracts.model import Operation, Schema


def unjudged(program: Program) -> Iterator[str]:
    """A line for each place that a body or an answer in use reaches and that is not judged."""
    seen: set[str] = set()
    for bound in bound_actions(program):
        of_body = (_line(note) for note in judged(bound).notes)
        for line in (*of_body, *_of_operation(bound.contract.operation)):
            if line not in seen:
                seen.add(line)
                yield f"{line}  ({bound.observer.name}.{bound.action.name})"


def _line(note: Note) -> str:
    """A place of a body that may not fit, which only an event tells."""
    about = f" of {subject(note.path)}" if note.path else ""
    return f"{note.place.file}#{note.place.pointer}: `{note.keyword}`{about}"


def _of_operation(operation: Operation) -> Iterator[str]:
    for parameter in operation.parameters:
        if parameter.where == "cookie":
            yield f"{parameter.place.file}#{parameter.place.pointer}: a cookie"
        if parameter.schema is not None:
            yield from _of_schema(parameter.schema)
    for answer in operation.answers:
        for schema in answer.content.media.values():
            if schema is not None:
                yield from _of_schema(schema)


def _of_schema(schema: Schema) -> Iterator[str]:
    waiting, seen = [schema], set[str]()
    while waiting:
        one = waiting.pop()
        if one.key in seen:
            continue
        seen |= {one.key} - {""}
        where = f"{one.place.file}#{one.place.pointer}"
        yield from (f"{where}: `{keyword}`" for keyword in one.silent)
        if one.one_of:
            yield f"{where}: that no second branch of `oneOf` fits"
        waiting += [*one.properties.values(), *one.all_of, *one.any_of, *one.one_of, *one.prefix]
        waiting += [inner for inner in (one.items, one.additional) if inner is not None]
