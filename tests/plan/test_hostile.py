"""A plan may come from anybody: whatever is in it, it is refused in one clear error or carried
out, and it is never a fault of ours."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings

import fqlc
from fql.actions.requests.factory import WebhookActions
from fql.engine.program.build import build_program
from fql.errors import FqlError, PlanError
from fql.expressions.compile import compile_value
from fql.plan.language.expressions import Expr
from fql.plan.language.types import parse_type
from fql.plan.show import show
from fql.plan.stored.codec import digest_of, load_expression, read_plan
from fql.plan.verifying.expressions import Scope, type_of
from fql.plan.verifying.names import known_names
from fqlc.cli.main import run
from tests.properties import strategies

SOURCE = """\
enum Status { open, closed }
type Label { url: String, cost: Decimal? }
entity Order {
  id: ID @key
  total: Decimal
  count: Int
  rate: Float
  status: Status
  note: String?
  tags: [String]
  extra: JSON
  at: DateTime
  day: Date
}
endpoint shop {
  url: "https://shop.example.com"
  headers: { "Authorization": "Bearer ${TOKEN}" }
  signing: {
    secret: ["${SECRET}", { secret: "${NEXT_SECRET}", not_before: "2026-03-02T14:00:00Z" }]
  }
  rate_limit: { max_per_second: 5, burst: 10 }
  retry: { retry_on: [429, 503], max_attempts: 5 }
}
observer shipped {
  on: [Order.update, Order.insert]
  when: status.changed() && total > 100 && note != null && note.matches("a+b")
    && tags.any(t, t == "x") && count in [1, 2, 3] && at - _timestamp < 2h
    && (extra["k"].as_int() ?? 4) > 3 && !(rate > 1.5)
  order_by: id
  webhook label {
    endpoint: shop
    path: "/labels/{{ id }}"
    body: { id, total, note: "{{ count }} {% if total > 5 %}a{% else %}b{% endif %}", ..._new }
    response: Label
  }
  webhook mail {
    url: "https://mail.example.com/{{ id }}"
    method: PUT
    headers: { "X-Status": "{{ status }}" }
    body: [label.response.url, "{% for t in tags %}{{ t }}{% endfor %}", day + 2d, -count]
  }
  webhook page { url: "https://ops.example.com/", body: { why: label.error.message } }
  flow { label -> mail  label else page }
}
observer daily {
  on: Order.delete
  webhook sum {
    url: "https://sum.example.com/"
    batch: { size: 10, timeout: 5s }
    encryption: { key: "${KEY}", fields: [id] }
    auth: { type: bearer, token: "${TOKEN}" }
    body: { size: _batch.size, rows: each { id, total } }
  }
}
"""

ENVIRONMENT = {
    "TOKEN": "t" * 20,
    "SECRET": "whsec_" + "A" * 40,
    "NEXT_SECRET": "whsec_" + "B" * 40,
    "KEY": "ab" * 32,
}


def plan_data() -> dict[str, Any]:
    """The content of the plan, without its digest."""
    compiled = fqlc.compile_text(SOURCE)
    assert compiled.plan is not None, compiled.diagnostics
    data: dict[str, Any] = json.loads(compiled.plan)
    del data["digest"]
    return data


def sealed(data: dict[str, Any]) -> bytes:
    """A plan with the digest that its reader works out, whatever is in it."""
    try:
        digest = digest_of(orjson.loads(json.dumps(data)))
    except TypeError:
        digest = "sha256:it nests too deeply"
    return json.dumps({**data, "digest": digest}).encode()


DATA = plan_data()


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in the plan with each key or index into it."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield value, key
        if isinstance(inner, dict | list):
            yield from places(inner)


def used(data: dict[str, Any]) -> None:
    """Read the plan and do with it all that commands and engine do before an event."""
    plan = read_plan(sealed(data))
    build_program(plan, ENVIRONMENT, WebhookActions())
    for observer in plan.observers:
        if observer.when is not None:
            condition = load_expression(observer.when)
            compile_value(condition)
            show(condition)


ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1, 2**53, 2**63, 10**30, 1.5, 1e300, "", "x", "Int", "[Int]", "[" * 5000,
    "a/../b", "\r\nX: y", "\0", "\u202e", "é" * 300, [], {}, [[]], {"op": "constant"},
    {"int": "9" * 4000}, {"decimal": "1E+999999999"}, {"decimal": "NaN"}, {"float": "inf"},
    {"microseconds": 10**40}, {"datetime": "2026-01-01T00:00:00"}, "eq", "and", "add", "row", "old",
    "_batch", "_old", "matches", "String", "Error", "List", "Null", "Failure", "Object", "update",
    {"op": "field", "t": "Int", "row": "new", "name": "total"},
    {"op": "builtin", "t": "String", "name": "_id"},
    {"op": "constant", "t": "Boolean", "value": True},
    {"op": "text", "t": "String", "parts": [{"environment": "PATH"}]},
    {"environment": "HOME"}, "${HOME}", "http://127.0.0.1/", "javascript:alert(1)",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(10))
def test_a_changed_plan_is_refused_or_carried_out(seed: int) -> None:
    """Any place of it replaced by anything, left out, doubled, or moved elsewhere."""
    chance = random.Random(seed)
    refused = 0
    for _ in range(100):
        data = copy.deepcopy(DATA)
        for _ in range(chance.choice((1, 1, 1, 2, 4))):
            mutate(data, chance)
        try:
            used(data)
        except PlanError as error:
            refused += 1
            assert len(error.message) < 1_000
            assert error.hint
        except FqlError:
            pass  # a secret or setting that cannot be used is told when the action is made
    assert refused > 30


def mutate(data: dict[str, Any], chance: random.Random) -> None:
    """One change at one place."""
    every = list(places(data))
    holder, key = chance.choice(every)
    kind = chance.randrange(5)
    if kind == 0:
        holder[key] = copy.deepcopy(chance.choice(ODD))
    elif kind == 1:
        del holder[key]
    elif kind == 2:
        other, at = chance.choice(every)
        holder[key] = copy.deepcopy(other[at])
    elif isinstance(holder, list):
        holder.insert(key, copy.deepcopy(holder[key]))
    else:
        holder[chance.choice(("op", "t", "extra", "environment", "value"))] = copy.deepcopy(
            chance.choice(ODD)
        )


Change = Callable[[dict[str, Any]], None]


def _observer(data: dict[str, Any], name: str = "shipped") -> dict[str, Any]:
    return next(o for o in data["observers"] if o["name"] == name)


def _node(data: dict[str, Any], name: str) -> dict[str, Any]:
    nodes = [n for o in data["observers"] for n in o["nodes"]]
    return next(n for n in nodes if n["name"] == name)


def _set(name: str, **config: Any) -> Change:
    return lambda data: _node(data, name)["config"].update(config)


def _when(expression: Any) -> Change:
    return lambda data: _observer(data).update(when=expression)


def _policy(name: str, key: str, value: Any) -> Change:
    setting = {"value": value, "origin": "default"}
    return lambda data: _node(data, name)["policies"].update({key: setting})


def _edges(*edges: tuple[str | None, str, str]) -> Change:
    written = [{"from": a, "to": b, "kind": kind} for a, b, kind in edges]
    return lambda data: _observer(data).update(edges=written)


def field(name: str, type_: str, row: str = "new") -> dict[str, Any]:
    """The stored form of a field."""
    return {"op": "field", "t": type_, "row": row, "name": name}


def const(type_: str, value: Any) -> dict[str, Any]:
    """The stored form of a constant."""
    return {"op": "constant", "t": type_, "value": value}


def binary(op: str, left: Any, right: Any, type_: str = "Boolean") -> dict[str, Any]:
    """The stored form of an operator."""
    return {"op": op, "t": type_, "left": left, "right": right}


def text(*parts: Any) -> dict[str, Any]:
    """The stored form of a text."""
    return {"op": "text", "t": "String", "parts": list(parts)}


def nested(levels: int) -> dict[str, Any]:
    """A value below many signs."""
    value = field("count", "Int")
    for _ in range(levels):
        value = {"op": "neg", "t": "Int", "of": value}
    return value


CASES: dict[str, tuple[Change, str]] = {
    "method": (_set("mail", method="TRACE"), "no method 'TRACE'"),
    "method with a line end": (_set("mail", method="GET\r\nX: y"), "no method"),
    "kind": (lambda d: _node(d, "mail").update(kind="shell"), "no kind of action 'shell'"),
    "kind of a path": (lambda d: _node(d, "mail").update(kind="../x"), "no kind of action"),
    "name of an action": (lambda d: _node(d, "page").update(name="../x"), "name of an action"),
    "name of an observer": (lambda d: _observer(d).update(name="a/b"), "name of an observer"),
    "name doubled": (lambda d: _node(d, "page").update(name="mail"), "written twice"),
    "endpoint": (_set("label", endpoint="nowhere"), "no endpoint 'nowhere'"),
    "endpoint and url": (_set("mail", endpoint="shop"), "not both"),
    "header with a line end": (
        _set("mail", headers=[{"name": "X-A", "value": const("String", "a\r\nB: c")}]),
        "line break",
    ),
    "header name": (
        _set("mail", headers=[{"name": "X A", "value": const("String", "a")}]),
        "header name",
    ),
    "header of ours": (
        _set("mail", headers=[{"name": "Host", "value": const("String", "a")}]),
        "set by fql",
    ),
    "url": (_set("mail", url=const("String", "file:///etc/passwd")), "file"),
    "url with a user": (
        _set("mail", url=const("String", "https://a:b@c.example.com/")),
        "a user or password",
    ),
    "url with a hole for its host": (
        _set("mail", url=text("https://", {"hole": field("id", "ID")}, "/x")),
        "in the scheme, host or port",
    ),
    "environment that is not declared": (
        _set("mail", url=text("https://a.example.com/", {"environment": "HOME"})),
        "${'HOME'} is not declared",
    ),
    "environment in a policy": (_policy("mail", "signing.secret", "${HOME}"), "not declared"),
    "environment in a body": (_set("page", body=text({"environment": "TOKEN"})), "stored or shown"),
    "environment in a condition": (
        _when(binary("eq", text({"environment": "TOKEN"}), const("String", "x"))),
        "stored or shown",
    ),
    "unknown operator": (_when(binary("xor", const("Boolean", True), const("Boolean", True))), "x"),
    "operand types": (
        _when(binary("lt", field("count", "Int"), const("String", "x"))),
        "`lt` does not take a `Int` and a `String`",
    ),
    "a lie about a type": (
        _when(binary("eq", field("total", "String"), const("String", "x"))),
        "says that it is a `String`",
    ),
    "a constant of another type": (
        _when(binary("eq", field("count", "Int"), const("Int", "x"))),
        "constant",
    ),
    "condition": (_when(field("count", "Int")), "a condition must be Boolean"),
    "unknown field": (_when(field("nope", "Boolean")), "no field 'nope'"),
    "unknown key": (_when({**const("Boolean", True), "clock": 1}), "clock"),
    "too many digits": (
        _when(binary("eq", field("count", "Int"), const("Int", {"int": "9" * 5_000}))),
        "constant",
    ),
    "a decimal of a gigabyte": (
        _when(binary("eq", field("total", "Decimal"), const("Decimal", {"decimal": "1E+9999999"}))),
        "constant",
    ),
    "a moment without offset": (
        _when(
            binary(
                "lt",
                field("at", "DateTime"),
                const("DateTime", {"datetime": "2026-01-01T00:00:00"}),
            )
        ),
        "constant",
    ),
    "a pattern": (
        _when(
            {
                "op": "call",
                "t": "Boolean",
                "name": "matches",
                "of": field("id", "String"),
                "args": [const("String", "(")],
            }
        ),
        "String",
    ),
    "a pattern that is large": (
        _when(
            {
                "op": "call",
                "t": "Boolean",
                "name": "matches",
                "of": field("note", "String"),
                "args": [const("String", "((a{0,100}){0,100}){0,100}")],
            }
        ),
        "RE2",
    ),
    "nesting": (_when(binary("eq", nested(300), const("Int", 1))), "nest"),
    "type of an answer": (_set("label", response="Nope"), "no type 'Nope'"),
    "brackets of a type": (_set("label", response="[" * 200 + "Int" + "]" * 200), "not a type"),
    "ring": (
        _edges(
            (None, "label", "sequence"),
            ("label", "mail", "sequence"),
            ("mail", "label", "sequence"),
            ("label", "page", "failure"),
        ),
        "cycle",
    ),
    "edge to nothing": (_edges((None, "gone", "sequence")), "'gone', which does not exist"),
    "action without an edge": (_edges((None, "label", "sequence")), "nothing leads to"),
    "policy": (_policy("mail", "timeouts", 5), "no such policy"),
    "timeout": (_policy("mail", "timeout", 10**12), "is not one of its values"),
    "attempts": (_policy("mail", "retry.max_attempts", 10**9), "is not one of its values"),
    "batch": (_policy("mail", "batch.size", -1), "is not one of its values"),
    "multiplier": (_policy("mail", "retry.multiplier", 1e308), "is not one of its values"),
    "word": (_policy("mail", "retry.backoff", "__class__"), "is not one of its values"),
    "variable": (lambda d: d["environment"].append({"name": "A=B", "used_by": []}), "variable"),
    "entity": (lambda d: _observer(d)["on"][0].update(entity="Gone"), "one entity"),
    "type of a field": (lambda d: d["entities"][0]["fields"][1].update(type="Blob"), "no type"),
    "field doubled": (lambda d: d["entities"][0]["fields"][1].update(name="id"), "written twice"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_carried_out_is_one_clear_error(case: str) -> None:
    change, message = CASES[case]
    data = copy.deepcopy(DATA)
    change(data)
    with pytest.raises(PlanError) as caught:
        read_plan(sealed(data))
    assert message in caught.value.message


@pytest.mark.parametrize(
    "command",
    [
        ("list",), ("explain",), ("explain", "--sql", "sqlite"), ("graph", "--format", "json"),
        ("run", "--until-idle"), ("diff", "good.json"), ("doctor",),
    ],
)  # fmt: skip
def test_no_command_is_surprised(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("good.json").write_bytes(sealed(DATA))
    for name, (change, _) in list(CASES.items())[::5]:
        data = copy.deepcopy(DATA)
        change(data)
        Path("bad.json").write_bytes(sealed(data))
        code = run([*command, "bad.json"])
        said = capsys.readouterr().err
        assert code == 3, name
        assert "FQL901" not in said
        assert said.count("error") == 1
        assert "cannot be used" in said or "too deeply" in said


@pytest.mark.parametrize("levels", [50, 150, 235])
def test_what_is_deep_and_sound_is_carried_out(levels: int) -> None:
    """As deep as a document can be, and as long as one likes."""
    data = copy.deepcopy(DATA)
    _observer(data)["when"] = binary("eq", nested(levels), const("Int", 1))
    used(data)


LARGE: dict[str, Any] = {
    "a long chain": {
        "op": "or",
        "t": "Boolean",
        "args": [binary("eq", field("count", "Int"), const("Int", 1))] * 5_000,
    },
    "chains in chains": {
        "op": "and",
        "t": "Boolean",
        "args": [{"op": "or", "t": "Boolean", "args": [const("Boolean", True)] * 100}] * 200,
    },
    "a deep sign": binary("eq", nested(235), const("Int", 1)),
    "a long list": binary(
        "in", field("count", "Int"), const("[Int]", list(range(30_000))), "Boolean"
    ),
}


@pytest.mark.parametrize("case", LARGE)
def test_what_is_large_and_sound_is_shown_and_carried_out(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A long chain is not a deep tree to anybody who walks it."""
    data = copy.deepcopy(DATA)
    _observer(data)["when"] = LARGE[case]
    used(data)
    monkeypatch.chdir(tmp_path)
    Path("large.json").write_bytes(sealed(data))
    Path("good.json").write_bytes(sealed(DATA))
    row = {"id": "1", "total": "1", "count": 5, "rate": 1.5, "status": "open", "tags": [],
           "extra": 1, "at": "2026-01-01T00:00:00Z", "day": "2026-01-01"}  # fmt: skip
    Path("event.json").write_text(json.dumps({"entity": "Order", "event": "insert", "new": row}))
    for command in (
        ("list",), ("explain",), ("explain", "--sql", "sqlite"), ("explain", "--sql", "postgresql"),
        ("graph", "--format", "json"), ("graph", "--format", "html"), ("diff", "good.json"),
        ("explain", "--event", "event.json"),
    ):  # fmt: skip
        code = run([*command, "large.json"])
        said = capsys.readouterr().err
        assert "FQL901" not in said, (command, said)
        assert code in {0, 1}, (command, said)


@pytest.mark.parametrize("levels", [2, 10, 50, 10_000])
def test_templates_nest_as_deep_as_they_can_be_carried_out(levels: int) -> None:
    data = copy.deepcopy(DATA)
    parts: list[Any] = ["x"]
    for _ in range(min(levels, 80)):
        parts = [{"choice": [[const("Boolean", True), parts]], "else": []}]
    _node(data, "page")["config"]["body"] = text(*parts)
    if levels > 40:
        with pytest.raises(PlanError):
            used(data)
    else:
        used(data)


def test_a_type_of_many_brackets_is_no_fault() -> None:
    with pytest.raises(ValueError, match="not a type"):
        parse_type("[" * 100_000 + "Int" + "]" * 100_000)


@settings(max_examples=300, deadline=None)
@given(strategies.conditions(4) | strategies.any_value(3) | strategies.templates())
def test_what_the_checker_lets_pass_is_verified(expression: Expr) -> None:
    """Nothing that is sound is refused."""
    type_of(expression, Scope(known_names(strategies.PLAN), "Thing"))
