"""Plans are sealed, read back, and refused with a clear word when they are not what was sealed."""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fql.app import Runtime
from fql.errors import PlanError, UsageError
from fql.plan.language import expressions as x
from fql.plan.language import types as t
from fql.plan.model import FORMAT
from fql.plan.stored.codec import (
    canonical,
    dump_expression,
    load_expression,
    load_plan,
    read_plan,
    seal,
    write_plan,
)

SMALL: dict[str, Any] = {
    "format": FORMAT,
    "compiler": "0.1.0",
    "entities": [{"name": "Order", "fields": [{"name": "id", "type": "ID"}]}],
    "observers": [],
}


def test_a_sealed_plan_is_read_back() -> None:
    """What `seal` wrote is a plan with a digest."""
    plan = read_plan(seal(SMALL))
    assert plan.entities[0].fields[0].name == "id"
    assert plan.digest.startswith("sha256:")
    assert write_plan(plan) == write_plan(read_plan(write_plan(plan)))


def test_the_order_of_keys_does_not_matter() -> None:
    """The same content gives the same bytes."""
    turned = dict(reversed(SMALL.items()))
    assert seal(SMALL) == seal(turned)
    assert canonical({"b": 1, "a": "é"}) == '{"a":"é","b":1}'.encode()


SEALED = seal(SMALL)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"observer x {", "not JSON"),
        (b"\x00\xff\xfe", "not JSON"),
        (b"[1]", "not an object"),
        (b'{"a": 1}', 'no "format"'),
        (SEALED[:-20], "cut short"),
        (SEALED.replace(b"Order", b"Ordre"), "changed after it was compiled"),
        (b'{"format": "fql-plan/1"}', 'no "digest"'),
        (seal({**SMALL, "format": "fql-plan/2"}), "fql-plan/2"),
        (seal({**SMALL, "observers": [{"name": "x"}]}), "observers.0"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_what_is_not_a_plan_is_refused(data: bytes, message: str) -> None:
    """Each kind of damage has its own sentence, and a hint."""
    with pytest.raises(PlanError, match=message) as caught:
        read_plan(data)
    assert caught.value.hint
    assert "\n" not in caught.value.message


def test_a_file_is_named_in_the_message(tmp_path: Path) -> None:
    """`load_plan` says which file it could not use."""
    path = tmp_path / "plan.json"
    with pytest.raises(PlanError, match=r"plan\.json.*No such file"):
        load_plan(path)
    path.write_bytes(b"{")
    with pytest.raises(PlanError, match=r"plan\.json"):
        load_plan(path)
    path.write_bytes(SEALED)
    assert load_plan(path).format == FORMAT


@pytest.mark.parametrize(
    "value",
    [
        None, True, 1, 2**70, -(10**900), 1.5, 1e300, Decimal("1.50"), Decimal("-0.00"),
        Decimal("1E+30"), "", "é\U0001f600", datetime(2026, 3, 2, 1, 2, 3, 4, tzinfo=UTC),
        datetime(2026, 3, 2, tzinfo=timezone(timedelta(hours=5))), date(1, 1, 1),
        timedelta(milliseconds=-1), timedelta(microseconds=1), ("a", None, Decimal("1.0")),
    ],
)  # fmt: skip
def test_constants_keep_value_and_kind(value: object) -> None:
    """A constant comes back as the same value of the same Python type, its scale included."""
    constant = x.Constant(type=t.JSON, value=value)
    again = load_expression(json.loads(canonical(dump_expression(constant))))
    assert isinstance(again, x.Constant)
    assert repr(again.value) == repr(value)
    assert type(again.value) is type(value)


def test_very_long_integers_are_stored() -> None:
    """Python refuses to print integers of more than 4,300 digits; a folded one may be longer."""
    constant = x.Constant(type=t.INT, value=-(10**5000))
    assert load_expression(dump_expression(constant)) == constant


def test_long_conditions_stay_shallow() -> None:
    """A chain of a thousand `||` is one list, so no reader meets its limit of nesting."""
    chain: x.Expr = x.Field(type=t.BOOLEAN, row="row", name="b")
    for _ in range(1_000):
        right = x.Field(type=t.BOOLEAN, row="row", name="c")
        chain = x.Binary(type=t.BOOLEAN, op="or", left=chain, right=right)
    stored = dump_expression(chain)
    assert len(stored["args"]) == 1_001
    assert canonical(dump_expression(load_expression(stored))) == canonical(stored)


@pytest.mark.parametrize(
    "stored",
    [{}, {"op": "nothing", "t": "Int"}, {"op": "field", "t": "?"}, {"op": "not", "t": "Boolean"}],
)
def test_other_data_is_not_an_expression(stored: dict[str, Any]) -> None:
    """Damaged expressions raise ValueError, nothing else."""
    with pytest.raises(ValueError, match="not a"):
        load_expression(stored)


def test_ten_thousand_observers_load_quickly() -> None:
    """A large plan loads in seconds even on a busy machine (the benchmark has the figure)."""
    condition = dump_expression(x.Field(type=t.BOOLEAN, row="row", name="b"))
    url = dump_expression(x.Constant(type=t.STRING, value="https://a.example.com/"))
    node = {"name": "send", "kind": "webhook", "config": {"method": "POST", "url": url}}
    fields = [{"name": "id", "type": "ID"}, {"name": "b", "type": "Boolean"}]
    entities = [{"name": "Order", "fields": fields}]
    observers = [
        {
            "name": f"o{i}",
            "on": [{"entity": "Order", "event": "insert"}],
            "when": condition,
            "nodes": [node],
            "edges": [{"from": None, "to": "send", "kind": "sequence"}],
        }
        for i in range(10_000)
    ]
    data = seal({**SMALL, "entities": entities, "observers": observers})
    begin = time.process_time()
    assert len(read_plan(data).observers) == 10_000
    assert time.process_time() - begin < 5


def test_a_plan_is_made_of_a_file_or_of_its_bytes_and_nothing_else_is_one(tmp_path: Path) -> None:
    data = seal(SMALL)
    (tmp_path / "plan.json").write_bytes(data)
    assert load_plan(data) == load_plan(tmp_path / "plan.json")
    others: list[object] = [data, str(tmp_path / "plan.json"), {}, None]
    for given in others:
        with pytest.raises(UsageError, match="a plan is wanted here") as refused:
            Runtime(given)  # type: ignore[arg-type]
        assert "fql.load_plan" in refused.value.hint
