"""The judgement: a value fits its schema, never does, or may not. The whole of it on one page.

Each position is compared with all parts of its schema (`allOf` is open), its kind first: where that
is wrong nothing else is reported. What was compared once is remembered, so types and schemas may
contain themselves, and the time grows with their number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from fqlc.contracts.judging.findings import (
    ANY_ITEM,
    FITS,
    Finding,
    Judgement,
    Note,
    Remedy,
    error,
    together,
    warning,
)
from fqlc.contracts.judging.parts.counts import judge_count, judge_members
from fqlc.contracts.judging.parts.kinds import allows_null, kind_finding, null_finding, takes
from fqlc.contracts.judging.parts.objects import Shape, has_pattern, key_findings
from fqlc.contracts.judging.parts.opened import Opened, Schemas
from fqlc.contracts.judging.parts.scalars import judge_scalar
from fqlc.contracts.judging.parts.unions import judge_union
from fqlc.contracts.judging.parts.whole import Unknown, judge_whole, written_out
from fqlc.contracts.judging.validating import NotJudged, failing
from fqlc.contracts.judging.wire.values import (
    Anything,
    Either,
    Items,
    Key,
    Record,
    Scalar,
    Value,
    Whole,
    is_null,
)
from fqlc.contracts.judging.words import listed
from fqlc.contracts.model import Schema

MOST_STEPS = 100_000
"""Pairs of a position and a schema that one body is compared by."""
MOST_LEVELS = 60
"""Levels of values and schemas below each other."""


class Judge:
    """Compares the values of one action with their schemas. In a `form` a list repeats its key, so
    one value is a list of one. What is known of the `schemas` serves other actions, too."""

    def __init__(self, schemas: Schemas | None = None, *, form: bool = False) -> None:
        self._schemas = schemas or Schemas()
        self._form = form
        self._known: dict[tuple[int, int, bool], Judgement] = {}
        self._kept: list[tuple[Value, Schema]] = []
        self._bare: dict[int, Value] = {}
        self._level = 0
        self.cut = False
        """True once there was more to compare than is compared."""

    def body(self, value: Value, schema: Schema) -> Judgement:
        """The judgement of a whole body; it says so where there was too much to compare."""
        found = self.judge(value, schema)
        if not self.cut:
            return found
        says = "was not compared in full: its schema leads on too far"
        limit = warning("FQL402", says, value, (schema.place, "this schema"))
        return together((found, _only(limit)))

    def judge(self, value: Value, schema: Schema) -> Judgement:
        """All that is found of a value and below it."""
        key = (id(value), id(schema.raw), schema.never)
        known = self._known.get(key)
        if known is not None:
            return known
        if len(self._known) >= MOST_STEPS or self._level >= MOST_LEVELS:
            self.cut = True
            return Judgement(notes=(Note("depth", schema.place),))
        self._kept.append((value, schema))  # their ids are theirs while they live
        self._known[key] = FITS  # what contains itself fits if the rest of it does
        self._level += 1
        found = self._compared(value, schema).within(value)
        self._level -= 1
        self._known[key] = found
        return found

    def _compared(self, value: Value, schema: Schema) -> Judgement:
        opened = self._schemas.opened(schema)
        if any(part.never for part in opened.parts):
            says = "is sent, but the contract takes nothing here"
            return _only(error("FQL413", says, value, (schema.place, "takes nothing")))
        if isinstance(value, Anything):
            return Judgement(notes=(Note("JSON", schema.place),) if schema.raw else ())
        if value.nullable or is_null(value):
            return self._with_null(value, schema)
        if isinstance(value, Either):
            each = [self.judge(one, schema) for one in value.values]
            always = all(one.refuses for one in each)
            return together(each if always else [one.perhaps() for one in each])
        return self._settled(value, opened, schema)

    def _with_null(self, value: Value, schema: Schema) -> Judgement:
        """Null by itself, and what else the value may be."""
        written = is_null(value)
        rest = FITS if written else self.judge(self._without_null(value), schema)
        if allows_null(schema):
            return rest.perhaps()
        return together((_only(null_finding(value, schema, written=written)), rest))

    def _without_null(self, value: Value) -> Value:
        return self._bare.setdefault(id(value), replace(value, nullable=False))

    def _settled(self, value: Value, opened: Opened, schema: Schema) -> Judgement:
        """A value that is not null: its kind, then the rest, then what only a whole one tells."""
        parts = opened.parts
        wrong = kind_finding(value, parts)
        if wrong is not None:
            if self._form and isinstance(value, Scalar | Whole) and _takes_list(parts):
                return self.judge(Items(fixed=(value,), expr=value.expr), schema)
            return _only(wrong)
        found = together(self._by_kind(value, opened))
        return found if found.findings or not found.notes else _as_whole(value, schema, found)

    def _by_kind(self, value: Value, opened: Opened) -> Iterator[Judgement]:
        parts = opened.parts
        if isinstance(value, Record | Items):
            yield judge_count(value, parts)
            yield judge_members(value, parts)
        match value:
            case Scalar():
                yield from (judge_scalar(value, part) for part in parts)
            case Whole():
                yield _nearest_form(value, parts)
            case Record():
                yield from self._record(value, opened.shape)
            case Items():
                yield from self._items(value, parts)
        yield from (judge_union(value, union, self.judge) for union in opened.unions)
        yield opened.silent

    def _record(self, value: Record, shape: Shape) -> Iterator[Judgement]:
        yield Judgement(tuple(key_findings(value, shape)))
        for part, properties in shape.own:
            additional = part.additional
            rest = None if additional is None or additional.never else additional
            for key in value.keys().values():
                patterned = rest is not None and has_pattern(key.name, part)
                schema = properties.get(key.name, None if patterned else rest)
                if schema is not None:
                    judged = self.judge(key.value, schema)
                    judged = judged if key.always else judged.perhaps()
                    yield _mended(judged, key, shape).under(key.name)

    def _items(self, value: Items, parts: Sequence[Schema]) -> Iterator[Judgement]:
        for part in parts:
            if value.fixed is not None:
                yield from self._fixed(value.fixed, part)
            elif value.item is not None:
                if part.prefix:
                    yield Judgement(notes=(Note("prefixItems", part.place),))
                if part.items is not None and not part.items.never:
                    yield self.judge(value.item, part.items).perhaps().under(ANY_ITEM)

    def _fixed(self, items: Sequence[Value], part: Schema) -> Iterator[Judgement]:
        prefix, rest = part.prefix, part.items
        for index, item in enumerate(items):
            schema = prefix[index] if index < len(prefix) else rest
            if schema is not None:
                yield self.judge(item, schema).under(index)


def _only(found: Finding) -> Judgement:
    return Judgement((found,))


def _takes_list(parts: Sequence[Schema]) -> bool:
    return all(part.types is None or takes(part.types, "array") for part in parts)


def _nearest_form(value: Whole, parts: Sequence[Schema]) -> Judgement:
    """What is wrong with the form that has the least wrong with it."""
    try:
        forms = [tuple(_in_form(value, one, parts)) for one in value.forms]
        return Judgement(min(forms, key=len))
    except NotJudged:
        return Judgement(notes=(Note("pattern", parts[0].place),))


def _in_form(value: Whole, form: object, parts: Sequence[Schema]) -> Iterator[Finding]:
    for part in parts:
        yield from judge_whole(value, form, part)


def _mended(judged: Judgement, key: Key, shape: Shape) -> Judgement:
    """With the ways out that a key has: it may be left out where it is null."""
    if not key.written or all(f.path or f.code != "FQL414" for f in judged.findings):
        return judged
    kind = "default" if key.name in shape.required else "optional"
    remedy = Remedy("default" if kind == "default" else "optional", safe=kind == "optional")
    findings = (
        replace(f, remedy=Remedy("remove", safe=False) if f.certain else remedy)
        if f.code == "FQL414" and not f.path
        else f
        for f in judged.findings
    )
    return replace(judged, findings=tuple(findings))


def _as_whole(value: Value, schema: Schema, found: Judgement) -> Judgement:
    """A value that is written out is judged by the keywords, too, that were only noted."""
    try:
        wrong = failing(schema.document(), written_out(value))
    except (Unknown, NotJudged):
        return found
    if not wrong:
        return FITS
    word, members = wrong[0], schema.members
    says, there = f"does not fit `{word}` of the contract", f"`{word}`"
    if word in ("enum", "const") and members is not None:
        says, there = (
            f"is not what the contract takes: {listed(members)}",
            f"takes {listed(members)}",
        )
    return _only(error("FQL415", says, value, (schema.place, there), "not taken"))
