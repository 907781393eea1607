"""What breaks receivers, and that nothing else does."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fql.engine.program.match import scope_of
from fql.events.model import Event
from fql.exact.writing import pretty_json
from fql.expressions.compile import compile_body
from fql.plan.language import expressions as x
from fql.plan.language import types as t
from fql.plan.model import Plan
from fql.plan.table import TypeTable
from fqlc.exporting.changes.differences import differences
from fqlc.exporting.fitting import Fit
from fqlc.exporting.schemas import Writer
from fqlc.exporting.typed import Shaper, typed
from tests.exporting.validating import body_problems
from tests.lower.harness import typed_plan
from tests.properties import strategies

BASE = """
enum Level { low, high }
type Item { sku: String  price: Decimal  note: String? }
type Answer { reference: String }
entity Order { id: ID @key  status: String  total: Decimal  level: Level  items: [Item]
  note: String?  flag: Boolean }
endpoint shop { url: "https://shop.example.com", headers: { "X-Shop": "1" } }
observer o {
  on: Order.insert
  webhook a { endpoint: shop, path: "/a", headers: { "X-Own": "{{ id }}" }
    body: { id, total, level, deep: { status }, word: "new", maybe?: note, note: note ?? "-" } }
  webhook b { endpoint: shop, path: "/b", body: { items, n: items.length() } }
  webhook c { endpoint: shop, path: "/c", response: Answer, batch: { size: 10, timeout: 1s }
    body: { all: each { id } } }
  webhook whole { url: "https://w.example.com" }
  webhook text { url: "https://t.example.com", format: text, body: "{{ id }}" }
}
"""
SIGNED = 'signing: { secret: "${S}" }'


@cache
def base() -> Plan:
    """The plan before each change."""
    return typed_plan(BASE)


BREAKING = [
    ("id, total, level", "id, level"),  # a property is gone
    ("deep: { status }", "deep: { id }"),
    ("id, total, level", "id, total: total.to_float(), level"),  # another type
    ("total: Decimal ", "total: Decimal? "),  # null is possible
    ("price: Decimal ", "price: Decimal? "),
    ("price: Decimal ", "price: Int "),
    ("sku: String ", ""),
    ("low, high", "low, high, top"),  # a member more
    ('note: note ?? "-"', "note"),
    ('word: "new"', 'word: "old"'),
    ('word: "new"', "word: status"),
    ('note: note ?? "-"', "note?: note"),
    ('"/a"', '"/z"'),  # another url, method or header
    ("https://shop.", "https://shop2."),
    ('"/a"', '"/a", method: PUT'),
    ('"X-Own": "{{ id }}"', ""),
    ('"X-Shop": "1"', ""),
    ('"X-Shop": "1"', '"X-Shop": "2"'),
    ('https://shop.example.com"', f'https://shop.example.com", {SIGNED}'),
    ('https://w.example.com"', f'https://w.example.com", {SIGNED}'),
    ('https://w.example.com"', 'https://w.example.com", encryption: { key: "${K}" }'),
    ('https://w.example.com"', 'https://w.example.com", batch: { size: 3, timeout: 1s }'),
    ("size: 10", "size: 11"),
    ("on: Order.insert", "on: [Order.insert, Order.update]"),  # the envelope has another event
    ("format: text", "format: json"),
    ("reference: String", "reference: String more: Int"),  # an answer needs more
    ("observer o", "observer p"),
    ('webhook whole { url: "https://w.example.com" }', ""),
    ("flag: Boolean", ""),  # of the envelope
]
FINE = [
    ("id, total, level", "id, total, level, status"),  # more
    ("deep: { status }", "deep: { status, id }"),
    ("note: String?  flag", "note: String  flag"),  # null is not possible any more
    ("note: String? }", "note: String }"),
    ("low, high", "low"),
    ("maybe?: note", 'maybe: note ?? "x"'),
    ("deep: { status }", 'deep: { status: "a" }'),
    ("size: 10", "size: 9"),
    ("on: Order.insert", "on: Order.insert  when: total > 100"),
    ("on: Order.insert", 'on: Order.insert  webhook d { url: "https://d.example.com" }'),
    ('"X-Shop": "1"', '"X-Shop": "1", "X-More": "1"'),
    ('"X-Shop": "1"', '"x-shop": "1"'),
    ("reference: String", "reference: String?"),
    ("flag: Boolean", "flag: Boolean  more: Int?"),
    ('https://w.example.com"', 'https://w.example.com", timeout: 5s'),
]


@pytest.mark.parametrize(("old", "new"), BREAKING)
def test_breaking(old: str, new: str) -> None:
    assert old in BASE
    found = differences(base(), typed_plan(BASE.replace(old, new, 1)))
    assert [change for change in found if change.breaking] != [], found


@pytest.mark.parametrize(("old", "new"), FINE)
def test_not_breaking(old: str, new: str) -> None:
    assert old in BASE
    found = differences(base(), typed_plan(BASE.replace(old, new, 1)))
    assert found != ()
    assert [change for change in found if change.breaking] == []


def test_an_answer_is_told_from_what_it_was_to_what_it_must_be() -> None:
    """Answers go the other way: what was answered before must fit what is read now."""
    fit = Fit(TypeTable(), TypeTable(), answers=True)
    found = list(fit.misfits(typed(t.INT), typed(t.STRING), "ref"))
    assert found == ["`ref` must be `String`, previously `Int`"]


def test_another_secret_breaks_nothing() -> None:
    """It is what a rotation brings."""
    old = BASE.replace('com" }', f'com", {SIGNED} }}')
    found = differences(typed_plan(old), typed_plan(old.replace("${S}", "${T}")))
    assert [change for change in found if change.breaking] == []


def test_a_type_within_itself_comes_to_an_end() -> None:
    nested = BASE.replace("note: String? }", "note: String?  parts: [Item]? }")
    less = nested.replace("sku: String ", "sku: String? ")
    found = differences(typed_plan(nested), typed_plan(less))
    assert any(change.breaking and change.where == "Item.sku" for change in found)


NAMES = TypeTable.of(strategies.PLAN)


@st.composite
def _changed(draw: st.DrawFn, body: x.ObjectOf) -> x.ObjectOf:
    """A body with some of its entries replaced, made optional or removed, and others added."""
    entries = []
    for entry in body.entries:
        match draw(st.sampled_from(["keep", "keep", "again", "optional", "gone"])):
            case "keep":
                entries.append(entry)
            case "again":
                value = draw(strategies.values(entry.value.type.required(), 1))
                entries.append(replace(entry, value=value))
            case "optional":
                entries.append(replace(entry, optional=entry.key is not None))
    more = draw(st.lists(st.builds(x.Entry, st.just("more"), strategies.any_value(0)), max_size=1))
    return replace(body, entries=(*entries, *more))


@settings(max_examples=40, deadline=None)
@given(st.data(), strategies.events())
def test_what_breaks_nothing_is_valid_by_the_old_schema(data: st.DataObject, event: Event) -> None:
    """Bodies of an old and a new plan, rendered by the real runtime."""
    kinds = st.sampled_from(strategies.SCALARS)
    value = kinds.flatmap(lambda kind: strategies.nullables(kind, 1) | strategies.values(kind, 1))
    entries = data.draw(st.lists(st.builds(x.Entry, st.sampled_from("abc"), value), max_size=3))
    old = x.ObjectOf(type=t.OBJECT, entries=tuple(entries))
    new = data.draw(_changed(old))
    before, after = Shaper(NAMES).of(old), Shaper(NAMES).of(new)
    assume(not list(Fit(NAMES, NAMES).misfits(after, before)))
    writer = Writer(NAMES, "#/$defs/")
    schema = {"body": writer.schema(before), **writer.components([before])}
    sent = compile_body(new, NAMES)(scope_of(event))
    assert body_problems({"$defs": json.loads(pretty_json(schema))}, "body", json.loads(sent)) == []
