"""What the plan keeps of answers that contracts describe: only what later actions read. So an
answer that errs elsewhere makes nothing dead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from fql.plan.language.expressions import LIST_OPS
from fql.plan.language.types import JSON, Type, parse_type
from fqlc.names.project import Project
from fqlc.names.symbols import EntityInfo, FieldInfo

_CHOOSING = frozenset(("coalesce", "choose"))
"""Operators whose value is one of their operands, and of the same type."""


@dataclass(slots=True)
class _Reads:
    """What is read of each type of an answer: fields by name; `whole` are those that are sent, or
    used in another way that needs all of them."""

    fields: dict[str, set[str]] = field(default_factory=dict)
    actions: set[str] = field(default_factory=set)
    whole: set[str] = field(default_factory=set)

    def go(self, stored: object, *, used: bool = True) -> None:
        """Note what a stored expression, or anything that holds some, reads."""
        if isinstance(stored, list):
            for one in stored:
                self.go(one, used=used)
        elif isinstance(stored, Mapping):
            if "op" in stored:
                self._node(stored, used=used)
            else:
                self._parts(stored)

    def _parts(self, stored: Mapping[str, object]) -> None:
        for key, value in stored.items():
            self.go(value, used=not ("loop" in stored and key == "of"))

    def _node(self, stored: Mapping[str, object], *, used: bool) -> None:
        op = str(stored["op"])
        if used:
            self.whole.add(_core(stored).name)
        if op == "response":
            self.actions.add(str(stored["action"]))
        if op == "member":
            of = stored["of"]
            core = _core(of) if isinstance(of, Mapping) else JSON
            self.fields.setdefault(core.name, set()).add(str(stored["name"]))
        for key, value in stored.items():
            self.go(value, used=_is_used(op, key, stored))


def _is_used(op: str, key: str, stored: Mapping[str, object]) -> bool:
    """Whether an operand of a node is used as it is, and not only looked into."""
    if key == "of":
        return not (op == "member" or op in LIST_OPS or stored.get("name") == "length")
    if op in ("eq", "ne"):
        return not any(_is_null(stored.get(side)) for side in ("left", "right"))
    return op not in _CHOOSING


def _is_null(stored: object) -> bool:
    return isinstance(stored, Mapping) and stored.get("op") == "constant" and (
        stored.get("value") is None
    )  # fmt: skip


def _core(stored: Mapping[str, object]) -> Type:
    """The type of a node, lists opened."""
    of = parse_type(str(stored["t"]))
    while of.item is not None:
        of = of.item
    return of


class KeptAnswers:
    """What one observer reads of the answers of its actions. `stored` is the observer as in the
    plan, except for the types of those."""

    def __init__(self, project: Project, stored: object) -> None:
        self._project = project
        self._reads = _Reads()
        self._reads.go(stored)
        self.types: dict[str, dict[str, object]] = {}

    def response(self, action: str, of: Type) -> str | None:
        """The type of an answer as the plan keeps it; None where nobody reads it."""
        if action not in self._reads.actions:
            return None
        self._keep(of)
        return of.text

    def _keep(self, of: Type) -> None:
        while of.item is not None:
            of = of.item
        row = self._project.answers.get(of.name)
        if row is None or of.name in self.types:
            return
        self.types[of.name] = {}
        fields = list(self._kept_fields(of.name, row))
        self.types[of.name] = {"name": of.name, "fields": fields, "doc": ""}

    def _kept_fields(self, name: str, row: EntityInfo) -> Iterator[dict[str, object]]:
        read = self._reads.fields.get(name, set())
        for info in row.fields.values() if read or name in self._reads.whole else ():
            if info.name in read:
                self._keep(info.type)
                yield _kept_field(info, info.type)
            elif name in self._reads.whole:
                yield _kept_field(info, JSON.optional())


def _kept_field(info: FieldInfo, of: Type) -> dict[str, object]:
    return {"name": info.name, "type": of.text, "column": "", "key": False, "sensitive": False,
            "doc": ""}  # fmt: skip
