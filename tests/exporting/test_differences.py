"""What changes between two plans."""

from __future__ import annotations

import pytest

from fql.plan.model import JudgedBy, Plan
from fqlc.exporting.changes.differences import Area, differences
from tests.lower.harness import ORDER, typed_plan

BASE = (
    ORDER
    + """
endpoint shop { url: "https://shop.example.com", timeout: 5s }
observer o {
  on: Order.insert
  when: status == "a"
  webhook a { endpoint: shop, path: "/x", body: { id } }
  webhook b { url: "https://b.example.com", body: { id, deep: { status }, all: [1] } }
  webhook c {
    url: "https://c.example.com", when: id != null, headers: { "X-Id": "{{ id }}" }
    body: { text: "LONG" }, response: Answer
  }
  webhook whole { url: "https://w.example.com" }
}
enum Level { low, high }
type Answer { reference: String }
"""
)


@pytest.mark.parametrize(
    ("old", "new", "area", "where", "what"),
    [
        # which events start a run, and which actions take part
        ("Order.insert", "[Order.insert, Order.update]", Area.TRIGGERS, "observer o",
         "watches Order.insert, Order.update, previously Order.insert"),
        ('"a"', '"b"', Area.TRIGGERS, "observer o",
         'the condition is `status == "b"`, previously `status == "a"`'),
        ("observer o", "observer p", Area.TRIGGERS, "observer o",
         "is gone: its events reach nobody"),
        ("observer o", "observer p", Area.TRIGGERS, "observer p",
         "is new: it watches Order.insert"),
        ("on: Order", 'webhook d { url: "https://d.example.com" }\n on: Order', Area.TRIGGERS,
         "observer o, action d", "is new: it sends POST https://d.example.com"),
        ('"/x",', '"/x", when: status != "",', Area.TRIGGERS, "observer o, action a",
         'the condition is `status != ""`, previously `true`'),
        ("id: ID @key", "id: ID @key  more: Int", Area.TRIGGERS, "Order.more",
         "is new and required: Int; events without it are refused"),
        ("low, high", "low, top", Area.TRIGGERS, "Level",
         "`high` is gone: events with it are refused"),
        ("entity Order", 'entity Order from "o2"', Area.TRIGGERS, "Order",
         "its rows are in o2, previously in none"),
        # what a receiver reads
        ("/x", "/y", Area.PAYLOAD, "observer o, action a",
         "sends POST shop/y, previously POST shop/x"),
        ("https://shop.", "https://shop2.", Area.PAYLOAD, "endpoint shop",
         'the url is `"https://shop2.example.com"`, previously `"https://shop.example.com"`'),
        ("id: ID", "id: Int", Area.PAYLOAD, "Order.id", "is Int, previously ID"),
        ("id: ID", "id: Int", Area.PAYLOAD, "observer o, action a",
         "the body changed: `id` is Int, previously ID"),
        ("{ id, deep", "{ id, total, deep", Area.PAYLOAD, "observer o, action b",
         "the body changed: new `total`"),
        ("deep: { status }", "deep: { status, id }", Area.PAYLOAD, "observer o, action b",
         "the body changed: new `deep.id`"),
        ("all: [1]", "all: [2]", Area.PAYLOAD, "observer o, action b",
         "the body changed: `all` is `[2]`, previously `[1]`"),
        ('"https://w.example.com"', '"https://w.example.com", body: { id }', Area.PAYLOAD,
         "observer o, action whole", "the body changed: it was the whole event before"),
        ("id: ID @key", "id: ID @key  more: Int?", Area.PAYLOAD, "Order.more", "is new: Int?"),
        ("timeout: 5s", 'timeout: 5s, headers: { "X-A": "1" }', Area.PAYLOAD, "endpoint shop",
         "the headers changed: new `X-A`"),
        ('"LONG"', '"LENG"', Area.PAYLOAD, "observer o, action c",
         "the body changed: `text` is `" + '"' + "LENG" + '"' + "`, previously `" + '"LONG"`'),
        # when and how often it comes
        ("5s", "6s", Area.DELIVERY, "endpoint shop", "`timeout` is 6s, previously 5s"),
        ("5s", "5s, concurrency: 3", Area.DELIVERY, "endpoint shop",
         "`concurrency` is 3, previously 64 (the default)"),
        ("5s", "5s, retry: { retry_on: [408, 500..599] }", Area.DELIVERY, "endpoint shop",
         "`retry.retry_on` is [408, 500..599], "
         "previously [408, 429, 500, 502..504] (the default)"),
        ("5s", "5s, rate_limit: { max_per_second: 100 }", Area.DELIVERY, "endpoint shop",
         "`rate_limit.max_per_second` is 100, previously not set"),
        ("5s", '5s, auth: { type: bearer, token: "${T}" }', Area.PAYLOAD, "endpoint shop",
         "`auth.type` is bearer, previously not set"),
        ('path: "/x"', 'path: "/x", response: Answer', Area.DELIVERY, "observer o, action a",
         "answers must be Answer, previously JSON"),
        ("type Answer { reference", "type Answer { more: Int reference", Area.DELIVERY,
         "Answer.more", "is new and required: Int; an action whose answer lacks it becomes dead"),
        ("id: ID", "id: Int", Area.TRIGGERS, "observer o, action c",
         "the condition reads as before, but `id` is Int, previously ID"),
        ("id: ID", "id: Int", Area.PAYLOAD, "observer o, action c",
         "the headers changed: `X-Id` reads as before, but `id` is Int, previously ID"),
        ("type Answer", "observer q { on: Order.delete  "
         'webhook z { url: "${SHOP}/", body: { id } } }\ntype Answer', Area.DELIVERY, "${SHOP}",
         "must be set now: observer q, action z needs it"),
        ("on: Order.insert", "on: Order.insert  order_by: id", Area.DELIVERY, "observer o",
         "runs are ordered by `id` (skip), previously by nothing"),
        # nothing that a receiver could notice
        ("{ id, deep: { status }, all: [1] }", "{ all: [1], id, deep: { status } }", Area.COSMETIC,
         "observer o, action b", "the body changed: its keys are in a different order"),
        ("type Answer { reference: String }", "type Answer { b: Int? reference: String }",
         Area.PAYLOAD, "Answer.b", "is new: Int?"),
        ("observer o", '"""Words."""\nobserver o', Area.COSMETIC, "observer o",
         "the documentation changed"),
    ],
)  # fmt: skip
def test_each_change_in_its_area(old: str, new: str, area: Area, where: str, what: str) -> None:
    assert old in BASE
    found = differences(typed_plan(BASE), typed_plan(BASE.replace(old, new)))
    assert (area, where, what) in [(c.area, c.where, c.what) for c in found]


def test_a_field_that_nobody_sends_is_cosmetic() -> None:
    base = BASE.replace('webhook whole { url: "https://w.example.com" }', "")
    more = base.replace("id: ID @key", "id: ID @key  more: Int?")
    assert [c.area for c in differences(typed_plan(base), typed_plan(more))] == [Area.COSMETIC]


def test_words_name_what_came_and_went() -> None:
    new = BASE.replace('path: "/x", body: { id }', 'path: "/x", body: { order: id }')
    (change,) = differences(typed_plan(BASE), typed_plan(new))
    assert change.what == "the body changed: new `order`; gone `id`"


def test_layout_and_comments_are_cosmetic() -> None:
    (change,) = differences(typed_plan(BASE), typed_plan("# hello\n\n" + BASE))
    assert change.area is Area.COSMETIC


def test_long_texts_are_shown_where_they_differ() -> None:
    long, other = "x" * 100 + "first", "x" * 100 + "second"
    old, new = BASE.replace("LONG", long), BASE.replace("LONG", other)
    (change,) = differences(typed_plan(old), typed_plan(new))
    shown, before = change.what.split(", previously ")
    assert "second" in shown and "first" in before
    assert len(shown) < 120


def test_the_same_plan() -> None:
    assert differences(typed_plan(BASE), typed_plan(BASE)) == ()


def test_a_body_that_spreads_an_object_is_told_as_a_whole() -> None:
    """A spread has no name of its own: two of them are not the same key twice."""
    spread = BASE.replace("body: { id }", "body: { ...{ status: id }, ...{ more: total } }")
    other = spread.replace("more: total", "more: status")
    assert spread != BASE
    (change,) = differences(typed_plan(spread), typed_plan(other))
    assert "`None`" not in change.what
    assert "more: status" in change.what


def test_what_a_named_retry_gives_an_endpoint_is_told_once() -> None:
    retry = "retry patient { max_attempts: 5 }\n"
    base = retry + BASE.replace("timeout: 5s }", "timeout: 5s, retry: patient }")
    other = base.replace("max_attempts: 5", "max_attempts: 6")
    (change,) = differences(typed_plan(base), typed_plan(other))
    assert change.where == "endpoint shop"


def _judged(by: str | None, operation: str = "POST /x") -> Plan:
    """The plan, its first action judged by a contract of this digest."""
    plan = typed_plan(BASE)
    first, *others = plan.observers[0].nodes
    contract = by and JudgedBy(file="crm.yaml", operation=operation, sha256=by)
    node = first.model_copy(update={"contract": contract})
    observer = plan.observers[0].model_copy(update={"nodes": (node, *others)})
    return plan.model_copy(update={"observers": (observer,)})


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (_judged("a"), _judged("b"), "what its contract says of it changed: `POST /x` of crm.yaml"),
        (_judged(None), _judged("b"), "is judged by a contract: `POST /x` of crm.yaml"),
        (_judged("a"), _judged(None), "is no longer judged by its contract: `POST /x` of crm.yaml"),
        (_judged("a"), _judged("b", "PUT /x"),
         "is judged by `PUT /x` of crm.yaml, previously by `POST /x` of crm.yaml"),
    ],
    ids=["changed", "new", "gone", "another"],
)  # fmt: skip
def test_another_contract_is_about_delivery(old: Plan, new: Plan, what: str) -> None:
    """Nothing that is sent changes by it; whether it is taken may."""
    (change,) = differences(old, new)
    assert (change.area, change.what, change.breaking) == (Area.DELIVERY, what, False)
