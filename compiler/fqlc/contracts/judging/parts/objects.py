"""Objects: keys that are missing, not declared, or better left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from fql.near import nearest, question
from fqlc.contracts.judging.findings import Asked, Finding, Remedy, error, warning
from fqlc.contracts.judging.validating import searches
from fqlc.contracts.judging.wire.values import Key, Record
from fqlc.contracts.model import Schema


@dataclass(frozen=True, slots=True)
class Shape:
    """What all parts of a schema say of an object together: declared properties by name, those of
    each part, and who requires what. `known` are also the names in branches of unions."""

    own: tuple[tuple[Schema, Mapping[str, Schema]], ...]
    declared: Mapping[str, Schema]
    required: Mapping[str, Schema]
    known: frozenset[str]


def shape_of(parts: Sequence[Schema]) -> Shape:
    """The shape that the parts ask for."""
    own = tuple((part, part.properties) for part in parts)
    declared = {name: schema for _, found in own for name, schema in found.items()}
    required: dict[str, Schema] = {}
    for part in parts:
        for name in sorted(part.required):
            required.setdefault(name, part)
    known = set(declared)
    for part in parts:
        for branch in (*part.any_of, *part.one_of):
            known.update(name for below in branch.parts() for name in below.properties)
    return Shape(own, declared, required, frozenset(known))


def key_findings(value: Record, shape: Shape) -> list[Finding]:
    """FQL411, 412 and 417 of one object. A misspelt name is one finding, not two."""
    keys = value.keys()
    missing = dict(_missing(value, keys, shape))
    found: list[Finding] = []
    for key in keys.values():
        closed = _closed_by(key.name, shape)
        near = _meant(key.name, keys, shape)
        if closed is not None:
            found.append(_undeclared(key, closed, near))
            missing.pop(near or "", None)
        elif near is not None and near in missing:
            missing[near] = _misspelt(missing[near], key, near)
        elif near is not None:
            found.append(_perhaps_meant(key, shape.declared[near], near))
    found += missing.values()
    found += (mark for key in keys.values() for mark in _marks(key, shape))
    return found


def _missing(value: Record, keys: Mapping[str, Key], shape: Shape) -> Iterator[tuple[str, Finding]]:
    for name, part in shape.required.items():
        schema = shape.declared.get(name)
        if schema is not None and schema.read_only:
            continue
        place = part.place if schema is None else schema.place
        key = keys.get(name)
        if key is None:
            yield (
                name,
                error(
                    "FQL411",
                    "is missing, but the contract requires it",
                    value,
                    (place, f"`{name}` is required"),
                    "here",
                    path=(name,),
                    remedy=Remedy("insert", name, safe=False),
                ),
            )
        elif not key.always:
            yield (
                name,
                error(
                    "FQL411",
                    "may be left out, but the contract requires it",
                    key.value,
                    (place, f"`{name}` is required"),
                    "left out where it is null",
                    path=(name,),
                    certain=False,
                    remedy=Remedy("default", name, safe=False),
                ),
            )


def _closed_by(name: str, shape: Shape) -> Schema | None:
    """The part that has no place for a key."""
    for part, properties in shape.own:
        additional = part.additional
        if additional is None or not additional.never or name in properties:
            continue
        if not has_pattern(name, part):
            return part
    return None


def has_pattern(name: str, part: Schema) -> bool:
    """Whether a name may be one that `patternProperties` of a part are about."""
    patterns = part.raw.get("patternProperties")
    if not isinstance(patterns, Mapping):
        return False
    return any(searches(str(pattern), name) is not False for pattern in patterns)


def _meant(name: str, keys: Mapping[str, Key], shape: Shape) -> str | None:
    """The declared name that is not there, and that an undeclared one is like."""
    if name in shape.known:
        return None
    return nearest(name, [other for other in shape.declared if other not in keys])


def _undeclared(key: Key, part: Schema, near: str | None) -> Finding:
    says = "is not in the contract, which takes no other properties"
    return _unknown(error, key, says, (part.place, "takes no other properties"), near)


def _perhaps_meant(key: Key, schema: Schema, near: str) -> Finding:
    says = f"is not in the contract, but `{near}` is"
    return _unknown(warning, key, says, (schema.place, f"`{near}` is declared here"), near)


def _unknown(
    make: Callable[..., Finding], key: Key, says: str, asked: Asked, near: str | None
) -> Finding:
    return make(
        "FQL412", says, key.value, asked, "not in the contract", path=(key.name,),
        help=_did_you(near), remedy=_renaming(key, near),
    )  # fmt: skip


def _misspelt(missing: Finding, key: Key, near: str) -> Finding:
    """A required key is missing, and one like it is there."""
    return replace(
        missing, value=key.value, label=f"`{key.name}` is not in the contract",
        path=(key.name,), says=f"is not in the contract, which requires `{near}`",
        help=_did_you(near), remedy=_renaming(key, near),
    )  # fmt: skip


def _did_you(near: str | None) -> tuple[str, ...]:
    return (question(near),) if near else ()


def _renaming(key: Key, near: str | None) -> Remedy | None:
    if near is None or not key.written:
        return None
    return Remedy("rename", near, safe=near.lower() == key.name.lower())


def _marks(key: Key, shape: Shape) -> Iterator[Finding]:
    schema = shape.declared.get(key.name)
    if schema is None:
        return
    needed = key.name in shape.required
    if schema.read_only:
        yield warning(
            "FQL417",
            "is read-only: only the receiver sets it",
            key.value,
            (schema.place, "`readOnly`"),
            "read-only",
            path=(key.name,),
            remedy=Remedy("remove") if key.written else None,
        )
    elif schema.deprecated:
        yield warning(
            "FQL417",
            "is deprecated",
            key.value,
            (schema.place, "`deprecated`"),
            "deprecated",
            path=(key.name,),
            remedy=Remedy("remove", safe=False) if key.written and (not needed) else None,
        )
