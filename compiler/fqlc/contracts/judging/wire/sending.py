"""From a typed expression to what it can be on the wire."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache

from fql.exact.light import NotJson
from fql.plan.language import expressions as x
from fql.plan.language.types import Type
from fqlc.contracts.judging.wire.values import (
    Anything,
    Either,
    Items,
    Key,
    Kinds,
    Record,
    Scalar,
    Value,
    Whole,
    is_null,
)
from fqlc.names.project import Project
from fqlc.names.symbols import FieldInfo

_TEXT: Kinds = frozenset({"string"})
_KINDS: Mapping[str, Kinds] = {
    "ID": frozenset({"string", "integer"}), "Int": frozenset({"integer"}),
    "Float": frozenset({"number"}), "Boolean": frozenset({"boolean"}),
}  # fmt: skip
"""What is not written as a text."""

_NUMBERS = frozenset({"Int", "Float", "Decimal"})
_READ_AS: Mapping[str, tuple[Kinds, ...]] = {
    "String": (_TEXT, frozenset({"string", "number", "boolean"})),
    "ID": (_TEXT, frozenset({"string", "integer"})),
    "Int": (_TEXT, frozenset({"integer"})),
    "Float": (_TEXT, frozenset({"number"})),
    "Decimal": (_TEXT, frozenset({"number"})),
    "Boolean": (_TEXT, frozenset({"boolean"})),
}
"""What a receiver of a form, of a url or of a header can read a text as."""

_SEALED = "an encrypted text"
_EVENTS = ("insert", "update", "delete")


def _kinds(of: str, *, form: bool) -> tuple[Kinds, ...]:
    return _READ_AS.get(of, (_TEXT,)) if form else (_KINDS.get(of, _TEXT),)


class Sending:
    """Reads what is sent by one action. `sealed` are keys whose values are encrypted; in a `form`
    everything is a text. A `batch` holds at most this many events."""

    def __init__(
        self, project: Project, sealed: Collection[str] = (), *, form: bool = False,
        batch: int | None = None,
    ) -> None:  # fmt: skip
        self._batch = batch
        self._project = project
        self._sealed = frozenset(sealed)
        self._form = form
        self._rows: dict[str, Mapping[str, Key]] = {}

    def of(self, e: x.Expr) -> Value:  # noqa: PLR0911 - one line a kind
        """The value of an expression."""
        match e:
            case x.Constant() if e.type.name != "Error":
                return self._constant(e, e.value)
            case x.ObjectOf():
                return Record(expr=e, keys=cache(lambda: self._of_object(e)))
            case x.ListOf():
                of = e.type.item or e.type
                return Items(expr=e, fixed=tuple(self._widened(item, of) for item in e.items))
            case x.Each():
                return Items(expr=e, item=self.of(e.body), batch=self._batch)
            case x.Choose():
                branches = [value for _, value in e.branches]
                return self._either(e, (*branches, e.otherwise))
            case x.Binary(op="coalesce"):
                return self._coalesced(e)
            case x.Quantifier(op="map"):
                return Items(expr=e, item=self.of(e.body), nullable=e.type.nullable)
            case x.Builtin(name="_event"):
                return self._one_of(e, _EVENTS)
            case x.Member():
                return self._member(e)
        return replace(self.typed(e.type), expr=e)

    def _member(self, e: x.Member) -> Value:
        """A field of a row; that of an answer may have members."""
        row = self._project.row(e.of.type.name)
        field = None if row is None else row.fields.get(e.name)
        value = self.typed(e.type) if field is None else self._field(field, None)
        return replace(value, expr=e, nullable=e.type.nullable)

    def typed(self, of: Type, field: tuple[str, str] | None = None) -> Value:
        """Any value of a type."""
        if of.item is not None:
            return Items(item=self.typed(of.item), field=field, nullable=of.nullable)
        enum = self._project.enum_infos.get(of.name)
        if enum is not None:
            members = None if enum.broken else tuple(enum.members)
            return Scalar(
                of="Enum", shown=of.name, readings=(_TEXT,), members=members, field=field,
                nullable=of.nullable,
            )  # fmt: skip
        if self._project.row(of.name) is not None:
            name = of.name
            return Record(keys=lambda: self._row(name), field=field, nullable=of.nullable)
        if of.name in _SCALARS:
            readings = _kinds(of.name, form=self._form)
            return Scalar(
                of=of.name, shown=of.name, readings=readings, field=field, nullable=of.nullable
            )
        return Anything(field=field, nullable=of.nullable)

    def _field(self, field: FieldInfo, named: tuple[str, str] | None) -> Value:
        """Any value of a field; that of an answer may have members."""
        value = self.typed(field.type, named)
        if field.members is None or not isinstance(value, Scalar):
            return value
        return replace(value, of="Enum", members=field.members)

    def sealed(self, e: x.Expr | None = None) -> Value:
        """A text that only the receiver can read."""
        return Scalar(expr=e, of="Sealed", shown=_SEALED, readings=(_TEXT,))

    def envelope(self, entity: str, events: Collection[str]) -> Value:
        """The body of an action that gives none: the event itself."""
        new = Key("new", self.typed(Type(entity)), always="delete" not in events, written=False)
        # Old rows come from the source, and some bring only what conditions need.
        old = Key("old", Anything(), always=False, written=False)
        keys = [
            Key("entity", Whole(forms=(entity,)), written=False),
            Key(
                "event", self._one_of(None, tuple(e for e in _EVENTS if e in events)), written=False
            ),
            *([new] if set(events) & {"insert", "update"} else []),
            *([old] if set(events) & {"update", "delete"} else []),
            Key("id", self.typed(Type("String")), written=False),
            Key("timestamp", self.typed(Type("DateTime")), written=False),
        ]
        found = {key.name: self._guarded(key) for key in keys}
        return Record(keys=lambda: found)

    def _one_of(self, e: x.Expr | None, members: tuple[str, ...]) -> Value:
        return Scalar(expr=e, of="Enum", shown="String", readings=(_TEXT,), members=members)

    def _either(self, e: x.Expr, parts: Sequence[x.Expr]) -> Value:
        """The parts, widened where the whole is a wider number than they are. That one may be null
        belongs to the whole."""
        values = [self._widened(part, e.type) for part in parts]
        there = [value for value in values if not is_null(value)]
        null = len(there) < len(values) or any(value.nullable for value in there)
        if not there:
            return Whole(expr=e, forms=(None,))
        kept = tuple(replace(value, nullable=False) for value in there)
        return replace(kept[0], nullable=null) if len(kept) == 1 else Either(
            expr=e, values=kept, nullable=null
        )  # fmt: skip

    def _widened(self, part: x.Expr, to: Type) -> Value:
        wider = {part.type.name, to.name} <= _NUMBERS and part.type.name != to.name
        if not wider:
            return self.of(part)
        return replace(self.typed(Type(to.name, part.type.nullable)), expr=part)

    def _coalesced(self, e: x.Binary) -> Value:
        """What is before `??` is sent only where it is not null."""
        before = replace(e.left, type=e.left.type.required())
        return self._either(e, (before, e.right))

    def _constant(self, e: x.Expr, value: object) -> Value:
        if isinstance(value, tuple):
            return Items(expr=e, fixed=tuple(self._constant(e, item) for item in value))
        return Whole(expr=e, forms=self._forms(value))

    def _forms(self, value: object) -> tuple[object, ...]:
        """The JSON of a value; where everything is a text, what that can be read as."""
        from fql.exact.reading import read_json
        from fql.exact.writing import json_text, write_json

        plain = read_json(write_json(value), floats=True)
        if not self._form or value is None:
            return (plain,)
        if not isinstance(plain, str):
            return (plain, json_text(plain))
        try:
            return (plain, read_json(plain, floats=True))
        except NotJson:
            return (plain,)

    def _of_object(self, e: x.ObjectOf) -> Mapping[str, Key]:
        """The keys of an object; those of spreads come first, and written ones win."""
        found: dict[str, Key] = {}
        for entry in e.entries:
            if entry.key is None:
                found.update(self._spread(entry.value))
            else:
                key = self._key(entry.key, entry.value, entry.optional)
                found[entry.key] = key if key.always else _over(found.get(entry.key), key)
        return found

    def _key(self, name: str, e: x.Expr, optional: bool) -> Key:
        value = self.of(e)
        left_out = optional or (self._form and (value.nullable or is_null(value)))
        if left_out:
            value = replace(value, nullable=False)
        return self._guarded(Key(name, value, always=not left_out))

    def _guarded(self, key: Key) -> Key:
        """The same key, its value as a text where it is encrypted."""
        if key.name not in self._sealed:
            return key
        return replace(key, value=self.sealed(key.value.expr))

    def _spread(self, e: x.Expr) -> Iterator[tuple[str, Key]]:
        value = self.of(e)
        if isinstance(value, Record):
            for name, key in value.keys().items():
                kept = key if key.value.expr is not None else replace(
                    key, value=replace(key.value, expr=e)
                )  # fmt: skip
                yield name, replace(kept, written=key.written and isinstance(e, x.ObjectOf))

    def _row(self, name: str) -> Mapping[str, Key]:
        """The keys of a declared type: values of it hold its fields and nothing else."""
        row = self._project.row(name)
        if name not in self._rows:
            found = {}
            for field in row.fields.values() if row is not None else ():
                value = self._field(field, (name, field.name))
                left_out = self._form and value.nullable
                if left_out:
                    value = replace(value, nullable=False)
                key = Key(field.name, value, always=not left_out, written=False)
                found[field.name] = self._guarded(key)
            self._rows[name] = found
        return self._rows[name]


_SCALARS = frozenset(
    {"ID", "String", "Int", "Float", "Decimal", "Boolean", "UUID", "DateTime", "Date"}
)


def _over(spread: Key | None, key: Key) -> Key:
    """An optional key over one that a spread brings: where it is null, that one is sent."""
    if spread is None:
        return key
    value = Either(expr=key.value.expr, values=(spread.value, key.value))
    return Key(key.name, value, always=spread.always)
