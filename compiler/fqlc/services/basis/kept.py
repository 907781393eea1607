"""The last sound form of declarations that cannot be read now: while somebody types, what was there
a moment ago is still meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from fqlc.names.project import Project
from fqlc.names.symbols import EntityInfo, EnumInfo
from fqlc.syntax.tree import ast


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows, enums and observers by name."""

    rows: Mapping[str, EntityInfo] = field(default_factory=dict)
    enums: Mapping[str, EnumInfo] = field(default_factory=dict)
    observers: Mapping[str, ast.Block] = field(default_factory=dict)


def kept_of(project: Project, before: Project, kept: Kept) -> Kept:
    """What is kept of the project of the last check, and of what that had kept already."""
    rows = {name for name, row in project.rows.items() if row.broken}
    enums = {name for name, enum in project.enum_infos.items() if enum.broken}
    observers = {name for name, symbol in project.observers.items() if symbol.broken}
    return Kept(
        rows=_last_sound(
            rows | project.broken,
            {name: row for name, row in before.rows.items() if not row.broken},
            kept.rows,
        ),
        enums=_last_sound(
            enums | project.broken,
            {name: enum for name, enum in before.enum_infos.items() if not enum.broken},
            kept.enums,
        ),
        observers=_last_sound(observers | project.broken, _sound_observers(before), kept.observers),
    )


def _sound_observers(project: Project) -> dict[str, ast.Block]:
    return {
        name: symbol.declaration
        for name, symbol in project.observers.items()
        if isinstance(symbol.declaration, ast.Block) and not symbol.broken
    }


_Sound = TypeVar("_Sound")


def _last_sound(
    lost: Iterable[str], sound: Mapping[str, _Sound], kept: Mapping[str, _Sound]
) -> dict[str, _Sound]:
    found = ((name, sound.get(name) or kept.get(name)) for name in lost)
    return {name: one for name, one in found if one is not None}
