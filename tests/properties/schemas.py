"""Schemas that a value may fit: made after the value, with slips."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from fqlc.contracts.judging.wire.values import Anything, Either, Items, Record, Scalar, Value, Whole

Raw = Any
_WRONG: tuple[Raw, ...] = (
    {"type": "string"}, {"type": "number"}, {"type": "integer"}, {"type": "array"}, False,
    {"enum": ["red", "green", 1, True]}, {"type": "object", "required": ["sku"]}, {},
    {"type": "string", "format": "uuid"}, {"const": "red"}, {"type": ["null", "boolean"]},
)  # fmt: skip
_FORMATS = {"UUID": "uuid", "DateTime": "date-time", "Date": "date"}


@st.composite
def schemas(draw: DrawFn, value: Value, depth: int = 4) -> Raw:
    """A schema for a value: one that it fits, more or less."""
    if draw(st.integers(0, 24)) == 0:
        return draw(st.sampled_from(_WRONG))
    inner = draw(_plain(value, depth))
    if value.nullable and draw(st.integers(0, 9)):
        inner = {"anyOf": [inner, {"type": "null"}]}
    return draw(_wrapped(inner, value, depth)) if depth else inner


@st.composite
def _wrapped(draw: DrawFn, inner: Raw, value: Value, depth: int) -> Raw:
    kind = draw(st.sampled_from(("", "", "", "", "allOf", "anyOf", "oneOf")))
    if not kind:
        return inner
    other = draw(st.sampled_from(_WRONG) | schemas(value, depth - 1))
    if kind == "allOf" and draw(st.booleans()):
        other = {}
    return {kind: draw(st.permutations([inner, other]))}


def _plain(value: Value, depth: int) -> SearchStrategy[Raw]:
    match value:
        case Scalar():
            return _scalar(value)
        case Whole():
            return _whole(value.forms[0])
        case Record() if depth:
            return _record(value, depth)
        case Items() if depth:
            return _items(value, depth)
        case Either(values=values):
            return st.sampled_from(values).flatmap(lambda one: _plain(one, depth))
        case Anything():
            return st.just({})
    return st.just({"type": "object" if isinstance(value, Record) else "array"})


@st.composite
def _scalar(draw: DrawFn, value: Scalar) -> Raw:
    kinds = sorted(value.readings[0])
    found: dict[str, Raw] = {"type": kinds if len(kinds) > 1 else kinds[0]}
    if value.members is not None and draw(st.booleans()):
        found["enum"] = draw(st.lists(st.sampled_from([*value.members, "x"]), min_size=2))
    if value.of in _FORMATS and draw(st.booleans()):
        found["format"] = _FORMATS[value.of]
    return found


@st.composite
def _whole(draw: DrawFn, form: object) -> Raw:
    extra: Raw = st.sampled_from(
        ({}, {"minLength": 2}, {"pattern": "a"}, {"maximum": 2}, {"multipleOf": 2}, {"not": {}},
         {"enum": [form]}, {"not": {"const": 1}}, {"format": "date"})
    )  # fmt: skip
    return draw(extra)


@st.composite
def _record(draw: DrawFn, value: Record, depth: int) -> Raw:
    keys = value.keys()
    chosen = draw(st.lists(st.sampled_from(sorted(keys)), unique=True)) if keys else []
    found: dict[str, Raw] = {
        "type": "object",
        "properties": {name: draw(schemas(keys[name].value, depth - 1)) for name in chosen},
    }
    if draw(st.booleans()):
        found["required"] = draw(st.lists(st.sampled_from([*chosen, "sku", "id"]), max_size=2))
    if draw(st.integers(0, 3)) == 0:
        found["additionalProperties"] = draw(st.sampled_from((False, {"type": "string"}, True)))
    if draw(st.integers(0, 5)) == 0:
        found["maxProperties"] = draw(st.integers(0, 4))
    return found


@st.composite
def _items(draw: DrawFn, value: Items, depth: int) -> Raw:
    found: dict[str, Raw] = {"type": "array"}
    items = value.fixed or ((value.item,) if value.item is not None else ())
    if items:
        found["items"] = draw(schemas(draw(st.sampled_from(items)), depth - 1))
    if draw(st.integers(0, 5)) == 0:
        found[draw(st.sampled_from(("minItems", "maxItems")))] = draw(st.integers(0, 2))
    return found
