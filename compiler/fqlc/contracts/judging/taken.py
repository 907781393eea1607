"""Whether a declared type takes every answer that a contract allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fql.plan.language.types import Type
from fqlc.contracts.judging.findings import ANY_ITEM, Step
from fqlc.contracts.judging.words import kinds, listed
from fqlc.contracts.places import Place
from fqlc.contracts.shapes import Shape, shape_of
from fqlc.names.project import Project

MOST_LEVELS = 20
_TAKES: Mapping[str, frozenset[str]] = {
    "ID": frozenset({"string", "integer"}),
    "Int": frozenset({"integer"}),
    "Float": frozenset({"integer", "number"}),
    "Decimal": frozenset({"integer", "number"}),
    "Boolean": frozenset({"boolean"}),
    "String": frozenset({"string"}),
}
_FORMATS = {"UUID": "uuid", "DateTime": "date-time", "Date": "date"}


@dataclass(frozen=True, slots=True)
class Untaken:
    """An answer that the contract allows and the type does not take. `says` continues a sentence
    that begins with what is at `path`; `there` is what the contract says at `place`."""

    path: tuple[Step, ...]
    says: str
    place: Place
    there: str


def untaken(of: Type, shape: Shape, project: Project, level: int = 0) -> Iterator[Untaken]:
    """All that a type does not take of what has a shape. Nothing of what the contract leaves
    open."""
    if shape.kind == "any" or of.name in ("JSON", "Error") or level > MOST_LEVELS:
        return
    if shape.nullable and not of.nullable:
        yield Untaken((), f"may be null, and `{of}` is not", shape.place, "may be null")
    problem = _problem(of, shape, project)
    if problem:
        yield Untaken((), problem, shape.place, _there(shape))
    elif of.item is not None and shape.item:
        for one in untaken(of.item, shape_of(shape.item), project, level + 1):
            yield Untaken((ANY_ITEM, *one.path), one.says, one.place, one.there)
    elif shape.kind == "object":
        yield from _fields(of, shape, project, level)


def _there(shape: Shape) -> str:
    if shape.members is not None:
        return f"can be {listed(shape.members)}"
    return f"answers {kinds([shape.kind])}"


def _problem(of: Type, shape: Shape, project: Project) -> str:
    """What is wrong with the kind of an answer; empty where nothing is."""
    enum = project.enum_infos.get(of.name)
    if enum is not None and shape.kind == "string":
        outside = [m for m in shape.members or () if m not in enum.members]
        if shape.members is None:
            return f"can be any text, not a member of `{of.name}` alone"
        return f"can be {listed(outside)}, which `{of.name}` does not have" if outside else ""
    if of.name in _FORMATS and shape.kind == "string":
        fits = shape.format == _FORMATS[of.name]
        return "" if fits else f"can be any text, and `{of.required()}` takes only its format"
    if shape.kind in _kinds_of(of, project):
        return ""
    return f"is {kinds([shape.kind])}, not `{of.required()}`"


def _kinds_of(of: Type, project: Project) -> frozenset[str]:
    if of.item is not None:
        return frozenset({"array"})
    if project.row(of.name) is not None:
        return frozenset({"object"})
    return _TAKES.get(of.name, frozenset())


def _fields(of: Type, shape: Shape, project: Project, level: int) -> Iterator[Untaken]:
    row = project.row(of.name)
    for name, field in row.fields.items() if row is not None and not row.broken else ():
        answered = shape.fields.get(name)
        if answered is None:
            if not field.type.nullable:
                yield Untaken((name,), "is not in the contract", shape.place, f"has no `{name}`")
            continue
        if answered.nullable and not field.type.nullable:
            says = f"may be missing or null, and `{field.type}` is not"
            yield Untaken((name,), says, answered.place, "may be missing or null")
        for one in untaken(field.type.optional(), answered.shape, project, level + 1):
            yield Untaken((name, *one.path), one.says, one.place, one.there)
