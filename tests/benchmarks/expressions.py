"""What conditions, bodies, checks and matching cost: `python -m tests.benchmarks.expressions`."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from fql.engine.program.match import Matcher, scope_of
from fql.events.intake import Intake
from fql.expressions.compile import compile_body, compile_condition, compile_text
from fql.expressions.walker import evaluate
from fql.plan.language import expressions as x
from fql.plan.language import types as t
from fql.plan.model import FORMAT, Entity, EntityField, Enum, Plan
from fql.plan.stored.codec import dump_expression, read_plan, seal
from fql.plan.table import TypeTable
from tests.benchmarks.page.machine import load, machine

FIELDS = {
    "id": "UUID", "email": "String", "total": "Decimal", "status": "Status", "vip": "Boolean",
    "country": "String", "tracking": "String?", "at": "DateTime", "count": "Int", "weight": "Float",
}  # fmt: skip
ROW = {
    "id": "6f1c0a52-0000-4000-8000-000000000001", "email": "a@b.c", "total": "600.00",
    "status": "approved", "vip": False, "country": "US", "tracking": None,
    "at": "2026-03-02T14:00:00Z", "count": 5, "weight": 1.5,
}  # fmt: skip
PLAN = Plan(
    format=FORMAT,
    compiler="0",
    digest="",
    enums=(Enum(name="Status", members=("pending", "approved", "shipped")),),
    entities=(
        Entity(name="Order", fields=tuple(EntityField(name=n, type=v) for n, v in FIELDS.items())),
    ),
)


def field(name: str) -> x.Field:
    """A field of the bare row."""
    return x.Field(type=t.parse_type(FIELDS[name]), row="row", name=name)


def op(name: str, left: x.Expr, right: x.Expr) -> x.Binary:
    """A Boolean operator."""
    return x.Binary(type=t.BOOLEAN, op=name, left=left, right=right)


def literal(value: object, like: x.Expr) -> x.Constant:
    """A literal of the type of another expression."""
    return x.Constant(type=like.type, value=value)


STATUS, TOTAL = field("status"), field("total")
SHIPPED = op("eq", STATUS, literal("shipped", STATUS))
CONDITION = op(
    "and",
    op("and", x.Changed(type=t.BOOLEAN, name="status"), SHIPPED),
    op("or", op("gt", TOTAL, literal(Decimal(500), TOTAL)), field("vip")),
)
BODY = x.ObjectOf(type=t.OBJECT, entries=tuple(x.Entry(name, field(name)) for name in FIELDS))
NOTE = x.Text(type=t.STRING, parts=("Order ", x.Hole(field("id")), " for ", x.Hole(TOTAL)))


def sealed(observers: int) -> bytes:
    """A plan of many observers of one entity, each with equality conditions."""
    country, status = field("country"), field("status")
    url = dump_expression(x.Constant(type=t.STRING, value="http://127.0.0.1:9"))

    def observer(i: int) -> dict[str, Any]:
        when = op("and", op("eq", country, literal(f"C{i}", country)),
                  op("eq", status, literal("shipped", status)))  # fmt: skip
        config = {"method": "POST", "url": url}
        return {
            "name": f"o{i}",
            "on": [{"entity": "Order", "event": "update"}],
            "when": dump_expression(when),
            "nodes": [{"name": "send", "kind": "webhook", "config": config}],
            "edges": [{"from": None, "to": "send", "kind": "sequence"}],
        }

    declared = PLAN.model_dump(mode="json", include={"enums", "entities"})
    content = {"format": FORMAT, "compiler": "0", **declared}
    return seal({**content, "observers": [observer(i) for i in range(observers)]})


def cost(function: Callable[[], object], seconds: float = 0.3) -> float:
    """Microseconds of CPU for one call."""
    function()
    count, spent = 1, 0.0
    while spent < seconds:
        count *= 2
        begin = time.process_time()
        for _ in range(count):
            function()
        spent = time.process_time() - begin
    return spent / count * 1e6


def measure() -> dict[str, float]:
    """All figures, in microseconds; loading in milliseconds."""
    intake = Intake(PLAN)
    envelope = {"entity": "Order", "event": "update", "new": {**ROW, "status": "shipped"},
                "old": ROW, "id": "e1"}  # fmt: skip
    now = datetime(2026, 3, 2, tzinfo=UTC)

    def check(given: dict[str, Any] = envelope) -> Any:
        return intake.check(given, source="s", position="1", new_id=str, now=now)

    event = check()
    scope = scope_of(event)
    condition, body = compile_condition(CONDITION), compile_body(BODY, TypeTable.of(PLAN))
    note = compile_text(NOTE, {})
    insert = {"entity": "Order", "event": "insert", "new": ROW, "id": "e1"}
    data = sealed(10_000)
    begin = time.process_time()
    plan = read_plan(data)
    load = (time.process_time() - begin) * 1e3
    index = Matcher(plan)
    row = {**ROW, "status": "shipped", "country": "C77"}
    matched = check({**envelope, "new": row})
    return {
        "condition, generated": cost(lambda: condition(scope)),
        "condition, walked": cost(lambda: evaluate(CONDITION, scope)),
        "body of 10 fields": cost(lambda: body(scope)),
        "text with two holes": cost(lambda: note(scope)),
        "check of an insert, 10 fields": cost(lambda: check(insert)),
        "check of an update, 20 fields": cost(check),
        "restore of both rows": cost(lambda: intake.restore("Order", "update", event.payload)),
        "match among 10,000 observers": cost(lambda: index.matching(matched)),
        "load of 10,000 observers (ms)": load,
    }


def main(rounds: int = 5) -> None:
    """Print the medians."""
    found = [measure() for _ in range(rounds)]
    print(f"{machine()}, load {load()}")
    for name in found[0]:
        print(f"{name:32} {statistics.median(one[name] for one in found):10.2f}")


if __name__ == "__main__":
    main()
