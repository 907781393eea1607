"""The query of a url, in the document for its receiver."""

from __future__ import annotations

import json
from typing import Any

from fql.exact.writing import pretty_json
from fqlc.exporting.actions import actions_of
from fqlc.exporting.headers import parameters
from fqlc.exporting.schemas import Writer
from tests.lower.harness import typed_plan

PLAN = """
enum Level { low, high }
entity Order { id: UUID @key  level: Level  number: Int  total: Decimal  name: String }
endpoint shop { url: "https://shop.example.com/v2" }
observer o {
  on: Order.insert
  webhook a { endpoint: shop  path: "/x?key=a%20b&level={{ level }}&n={{ number }}&t=T{{ name }}&{{ name }}=1"
    body: { id } }
  webhook b { url: "https://b.example.com/${PATH}?total={{ total }}&token=${TOKEN}"  body: { id } }
  webhook c { endpoint: shop  body: { id } }
}
"""  # noqa: E501 - as it is written


def _query(number: int) -> dict[str, Any]:
    action = actions_of(typed_plan(PLAN))[number]
    found: Any = json.loads(pretty_json(parameters(action, Writer(action.names, "#/s/"))))
    return {one["name"]: one["schema"] for one in found if one.get("in") == "query"}


def test_a_query_has_the_types_of_what_is_put_into_it() -> None:
    assert _query(0) == {
        "key": {"const": "a b"},
        "level": {"$ref": "#/s/Level"},
        "n": {"type": "integer"},
        "t": {"type": "string"},
    }


def test_what_only_a_runtime_knows_is_a_text() -> None:
    found = _query(1)
    assert found["total"]["format"] == "decimal"
    assert found["token"] == {"type": "string"}


def test_without_a_query_there_are_headers_alone() -> None:
    assert _query(2) == {}
