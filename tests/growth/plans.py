"""Plans of any size, made as data: what a start, a match and a delivery cost as a plan grows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fql.plan.language import expressions as x
from fql.plan.language import types as t
from fql.plan.model import FORMAT, Plan
from fql.plan.stored.codec import dump_expression, read_plan, seal, write_plan

FIELDS: Mapping[str, str] = {
    "id": "ID", "country": "String", "total": "Decimal", "count": "Int", "note": "String?",
}  # fmt: skip
BOOLEAN, STRING = t.BOOLEAN, t.STRING
When = Callable[[int], x.Expr | None]


def field(name: str, row: x.RowName = "row") -> x.Field:
    """A field of the entity."""
    return x.Field(type=t.parse_type(FIELDS[name]), row=row, name=name)


def op(name: str, left: x.Expr, right: object) -> x.Binary:
    """A Boolean operator; what is not an expression is a constant of the type of the other."""
    if not isinstance(right, x.Node):
        right = x.Constant(type=left.type, value=right)
    return x.Binary(type=BOOLEAN, op=name, left=left, right=right)  # type: ignore[arg-type]


def country_is(number: int) -> x.Expr:
    """Every observer watches a country of its own."""
    return op("eq", field("country"), f"C{number}")


def text(*parts: x.TextPart) -> dict[str, Any]:
    """A stored text."""
    if len(parts) == 1 and isinstance(parts[0], str):
        return dump_expression(x.Constant(type=STRING, value=parts[0]))
    return dump_expression(x.Text(type=STRING, parts=parts))


def with_endpoints(plan: Plan, target: str) -> Plan:
    """The same with an endpoint of its own for each observer, all of them at one address."""
    content: dict[str, Any] = json.loads(write_plan(plan))
    names = [observer["name"].replace("o", "e") for observer in content["observers"]]
    content["endpoints"] = [{"name": name, "url": text(target)} for name in names]
    for name, observer in zip(names, content["observers"], strict=True):
        config = observer["nodes"][0]["config"]
        del config["url"]
        config |= {"endpoint": name, "path": text("/x")}
    del content["digest"]
    return read_plan(seal(content))


def sized(
    count: int, *, when: When = country_is,
    url: Callable[[int], Sequence[x.TextPart]] = lambda _: ("https://a.example.com/x",),
    secret: Callable[[int], str] | None = None,
) -> Plan:  # fmt: skip
    """A plan of so many observers of one entity, each with one webhook and a body."""
    return read_plan(sized_bytes(count, when=when, url=url, secret=secret))


def sized_bytes(
    count: int, *, when: When = country_is,
    url: Callable[[int], Sequence[x.TextPart]] = lambda _: ("https://a.example.com/x",),
    secret: Callable[[int], str] | None = None,
) -> bytes:  # fmt: skip
    """The same as it lies on a disk."""
    names = sorted({secret(i) for i in range(count)}) if secret else []
    names += sorted({p.name for i in range(count) for p in url(i) if isinstance(p, x.Environment)})
    body = x.ObjectOf(type=t.OBJECT, entries=tuple(x.Entry(name, field(name)) for name in FIELDS))

    def observer(number: int) -> dict[str, Any]:
        condition = when(number)
        policies: dict[str, Any] = {}
        if secret:
            value = text(x.Environment(secret(number)))
            policies["signing.secret"] = {"value": value, "origin": "action send"}
        config = {"method": "POST", "url": text(*url(number)), "body": dump_expression(body)}
        return {
            "name": f"o{number}",
            "on": [{"entity": "Order", "event": "insert"}],
            **({} if condition is None else {"when": dump_expression(condition)}),
            "nodes": [{"name": "send", "kind": "webhook", "config": config, "policies": policies}],
            "edges": [{"from": None, "to": "send", "kind": "sequence"}],
        }

    return seal(
        {
            "format": FORMAT,
            "compiler": "0",
            "environment": [{"name": name, "used_by": ["somebody"]} for name in names],
            "entities": [
                {"name": "Order", "fields": [{"name": n, "type": v} for n, v in FIELDS.items()]}
            ],
            "observers": [observer(i) for i in range(count)],
        }
    )
