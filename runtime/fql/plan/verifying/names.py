"""The names that a plan declares, and the types that they stand for."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

from fql.plan.language.types import BUILT_IN, FIELD_TYPES, UNWRITTEN, Type, parse_type
from fql.plan.model import DeclaredType, Entity, Enum, Plan
from fql.plan.verifying.refusal import Refused, short, within

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""A name of the language, and of a variable of the environment."""

ANSWERED = re.compile(rf"{NAME.pattern}(\.{NAME.pattern})*")
"""The name of a type; with dots, of what a receiver answers, whose fields it calls as it likes."""

_ANY = re.compile(r"[^\0]*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Known:
    """What names of types stand for: members of enums, fields of entities and declared types."""

    enums: Mapping[str, frozenset[str]]
    rows: Mapping[str, Mapping[str, Type]]
    sound: set[Hashable] = dataclasses.field(default_factory=set, compare=False)
    """What has been verified: many actions of a plan send the same."""

    def type_of(self, text: object) -> Type:
        """The type of a field or an answer. Raises Refused."""
        found = _parsed(text)
        core = found
        while core.item is not None:
            core = core.item
        if core.name not in FIELD_TYPES and not self.declares(core.name):
            raise Refused(f"there is no type {short(core.name)}")
        return found

    def declares(self, name: str) -> bool:
        """True for an enum, an entity or a declared type."""
        return name in self.enums or name in self.rows

    def expresses(self, found: Type) -> bool:
        """True for a type that the value of an expression can have."""
        while found.item is not None:
            found = found.item
        known = found.name in BUILT_IN or self.declares(found.name)
        return known or (found.name in UNWRITTEN and found.name not in {"Error", "List"})


def known_names(plan: Plan) -> Known:
    """The types of a plan. Raises Refused for names that are doubled, misspelt or unknown."""
    unique("enum", (e.name for e in plan.enums))
    declared: list[DeclaredType | Entity] = [*plan.types, *plan.entities]
    unique("type or entity", (row.name for row in declared), ANSWERED)
    enums = {enum.name: _members(enum) for enum in plan.enums}
    rows: dict[str, dict[str, Type]] = {row.name: {} for row in declared}
    known = Known(enums, rows)
    for name in (*enums, *rows):
        if name in BUILT_IN or name in UNWRITTEN or (name in enums and name in rows):
            raise Refused(f"the name {short(name)} is taken")
    for row in declared:
        with within(row.name):
            rows[row.name].update(_fields(row, known))
    return known


def unique(what: str, names: Iterable[str], form: re.Pattern[str] = NAME) -> None:
    """Refuse names that are not names, and those that come twice."""
    seen: set[str] = set()
    for name in names:
        if not form.fullmatch(name):
            raise Refused(f"{short(name)} is not the name of an {what}" if what[0] in "aeo" else
                          f"{short(name)} is not the name of a {what}")  # fmt: skip
        if name in seen:
            raise Refused(f"the {what} {short(name)} is written twice")
        seen.add(name)


def _members(enum: Enum) -> frozenset[str]:
    with within(f"enum {enum.name}"):
        unique("member", enum.members)
    return frozenset(enum.members)


def _fields(row: DeclaredType | Entity, known: Known) -> dict[str, Type]:
    unique("field", (field.name for field in row.fields), _ANY if "." in row.name else NAME)
    found = {}
    for field in row.fields:
        with within(f"field {field.name}"):
            found[field.name] = known.type_of(field.type)
            if "\0" in field.column:
                raise Refused("a column has no NUL in its name")
    if isinstance(row, Entity) and "\0" in row.table:
        raise Refused("a table has no NUL in its name")
    if sum(field.key for field in row.fields) > 1:
        raise Refused("there are several keys")
    return found


def _parsed(text: object) -> Type:
    try:
        return parse_type(str(text))
    except ValueError:
        raise Refused(f"{short(text)} is not a type") from None
