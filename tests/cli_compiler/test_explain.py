# ruff: noqa: E501 - sources in the language are shown as they are written
"""`fqlc explain` and `fqlc list`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from fql.plan.policies import RetryPolicy
from fqlc.diagnostics.registry import all_pages
from fqlc.emit.policy_text import schedule_of
from tests.cli_compiler.conftest import Command

EVENTS = """\
{"entity": "Order", "event": "insert", "new": {"id": "o/1", "total": 600, "status": "a"}, "id": "evt-1"}
{"entity": "Order", "event": "insert", "new": {"id": "o2", "total": 6, "status": "a"}, "id": "evt-2"}
{"entity": "Order", "event": "insert", "new": {"id": "o3", "total": "many"}, "id": "evt-3"}
{"entity": "Order", "event": "delete", "old": {"id": "o4", "total": 6, "status": "a"}}
"""


def test_an_event_is_explained_in_the_promised_shape(fqlc: Command, shop: Path) -> None:
    (shop / "events.jsonl").write_text(EVENTS)
    done = fqlc("explain", "--event", "events.jsonl", "shop.fql", "--format", "json")
    one, two, three, four = map(json.loads, done.out.splitlines())
    assert one["event"] == {"entity": "Order", "event": "insert", "id": "evt-1"}
    assert one["problem"] is None
    (observer,) = one["observers"]
    assert (observer["name"], observer["watches"], observer["matched"]) == (
        "order_created", True, True,
    )  # fmt: skip
    assert observer["condition"]["text"] == "total > 100"
    assert observer["condition"]["value"] is True
    (action,) = observer["actions"]
    assert action["decision"] == "send"
    assert action["request"]["url"] == "https://w.example.com/orders/o%2F1"
    assert action["request"]["body"] == {"id": "o/1", "total": "600"}
    assert two["observers"][0]["matched"] is False
    assert "new.total" in three["problem"]
    assert four["observers"][0]["watches"] is False


def test_the_whole_object_of_an_event(fqlc: Command, shop: Path) -> None:
    """Exactly the promised keys, so that a program may rely on them."""
    (shop / "events.jsonl").write_text(EVENTS.splitlines()[0])
    done = fqlc("explain", "--event", "events.jsonl", "shop.fql", "--format", "json")
    found = json.loads(done.out)
    (action,) = found["observers"][0].pop("actions")
    request = action.pop("request")
    assert found == {
        "event": {"entity": "Order", "event": "insert", "id": "evt-1"},
        "problem": None,
        "observers": [{
            "name": "order_created", "watches": True, "matched": True,
            "condition": {
                "text": "total > 100", "value": True, "parts": [],
                "operands": [{"text": "total", "value": "600"}, {"text": "100", "value": "100"}],
            },
        }],
    }  # fmt: skip
    assert action == {"name": "warehouse", "decision": "send"}
    assert request.keys() == {"method", "url", "headers", "body"}


def test_decisions(fqlc: Command, shop: Path) -> None:
    (shop / "shop.fql").write_text("""entity Order { id: ID @key  total: Decimal  status: String }
      observer o { on: Order.insert
        webhook first { url: "${SHOP}/a", body: { id }, response: JSON }
        webhook skipped { url: "${SHOP}/b", when: total > 1000, body: { id } }
        webhook later { url: "${SHOP}/c", body: { id, answer: first.response["x"] } }
        webhook many { url: "${SHOP}/d", body: each { id }, batch: { size: 2, timeout: 1s } }
        webhook saved { url: "${SHOP}/e", body: { why: first.error.message } }
        flow { first -> [skipped, later, many]
          first else saved } }""")
    (shop / "events.jsonl").write_text(EVENTS)
    done = fqlc("explain", "events.jsonl", "shop.fql", "--format", "json")
    actions = json.loads(done.out.splitlines()[0])["observers"][0]["actions"]
    assert [(a["name"], a["decision"]) for a in actions] == [
        ("first", "send"),
        ("skipped", "skip"),
        ("later", "after"),
        ("many", "batch"),
        ("saved", "after"),
    ]
    assert actions[0]["request"]["url"] == "${SHOP}/a"
    assert actions[1]["condition"]["value"] is False


def test_the_story_for_people(fqlc: Command, shop: Path) -> None:
    (shop / "events.jsonl").write_text(EVENTS)
    out = fqlc("explain", "--event", "events.jsonl", "shop.fql").out
    assert "order_created: matches" in out
    assert "total > 100  false  (total is" in out
    assert "refused: " in out


def test_the_story_shows_values_but_of_literals(fqlc: Command, shop: Path) -> None:
    """A list says its value already, however it is spaced."""
    source = (shop / "shop.fql").read_text().replace("total > 100", 'id in ["a", "evt"]')
    (shop / "shop.fql").write_text(source)
    (shop / "events.jsonl").write_text(EVENTS)
    out = fqlc("explain", "--event", "events.jsonl", "shop.fql").out
    line = next(line for line in out.splitlines() if 'id in ["a", "evt"]' in line)
    assert re.search(r'  false  \(id is "[^"]*"\)$', line), line


def test_policies_and_schedule(fqlc: Command, shop: Path) -> None:
    (shop / "fql.toml").write_text('[webhooks]\ntimeout = "9s"\n')
    out = fqlc("explain", "--action", "order_created.warehouse", "shop.fql").out
    assert "(fql.toml)" in out
    assert "attempt 3 after 250ms, 350ms after the first" in out
    assert "given up after at most 27s 350ms" in out
    found = json.loads(fqlc("explain", "shop.fql", "--format", "json").out)
    assert found["policies"]["timeout"] == {"value": 9_000, "origin": "fql.toml"}
    assert found["schedule"]["delays_ms"] == [100, 250]


def test_max_elapsed_ends_a_schedule() -> None:
    policy = RetryPolicy(max_attempts=10, backoff="fixed", initial_delay=1_000, max_elapsed=2_500)
    assert schedule_of(policy, 500).delays == (1_000, 1_000)


def test_conditions_as_sql(fqlc: Command) -> None:
    out = fqlc("explain", "--sql", "sqlite", "shop.fql").out
    assert "-- order_created" in out
    assert 'SELECT * FROM "Order" AS new WHERE (round("total", 6) > 100);' in out


def test_conditions_as_sql_for_programs(fqlc: Command, shop: Path) -> None:
    """A query that the database takes, or the reason why there is none."""
    (shop / "other.fql").write_text(
        "observer late { on: Order.insert when: _observer == status"
        ' webhook w { url: "https://w.example.com/" } }'
    )
    lines = fqlc("explain", "--sql", "postgresql", "--format", "json", ".").out.splitlines()
    found = {line["observer"]: line for line in map(json.loads, lines)}
    assert found["order_created"] == {
        "observer": "order_created", "notes": [], "refused": None,
        "query": 'SELECT * FROM "Order" AS new WHERE ("total" > 100);',
    }  # fmt: skip
    assert found["late"]["query"] is None
    assert "`_observer` is not in the rows" in found["late"]["refused"]


def test_an_unknown_action(fqlc: Command) -> None:
    assert fqlc("explain", "--action", "nothing", "shop.fql").code == 2


def test_list(fqlc: Command) -> None:
    (found,) = map(json.loads, fqlc("list", "--format", "json", "shop.fql").out.splitlines())
    assert (found["name"], found["on"], found["when"]) == (
        "order_created", ["Order.insert"], "total > 100",
    )  # fmt: skip
    assert found["actions"][0]["target"] == "POST https://w.example.com/orders/{{ id }}"
    assert "order_created" in fqlc("list", "shop.fql").out


def test_graph_by_the_ending_of_the_file(fqlc: Command, shop: Path) -> None:
    assert fqlc("graph", "-o", "shop.svg", "shop.fql").code == 0
    assert b"</svg>" in (shop / "shop.svg").read_bytes()
    assert fqlc("graph", "-o", "shop.xyz", "shop.fql").code == 2
    assert fqlc("graph", "shop.fql", "--observer", "order_create").code == 2
    assert fqlc("graph", "--format", "mermaid", "shop.fql").out.startswith("flowchart")


def test_a_plan_file_serves_as_well(fqlc: Command, shop: Path) -> None:
    fqlc("compile", "-o", "plan.json", "shop.fql")
    assert "order_created" in fqlc("list", "plan.json").out
    (shop / "plan.json").write_text((shop / "plan.json").read_text().replace("100", "200"))
    done = fqlc("list", "plan.json")
    assert done.code == 3
    assert "changed" in done.err


def test_the_whole_object_of_a_listed_observer(fqlc: Command) -> None:
    assert json.loads(fqlc("list", "--format", "json", "shop.fql").out) == {
        "name": "order_created", "doc": "", "on": ["Order.insert"], "when": "total > 100",
        "file": "shop.fql", "line": 3,
        "actions": [{
            "name": "warehouse", "kind": "webhook", "when": None,
            "target": "POST https://w.example.com/orders/{{ id }}",
        }],
    }  # fmt: skip


def test_numbers_of_an_event_are_exact(fqlc: Command, shop: Path) -> None:
    """Beyond 64 bits and with every digit; what is not JSON for us is said, not raised."""
    (shop / "meter.fql").write_text(
        "entity Meter { id: Int @key  more: JSON }\n"
        'observer o { on: Meter.insert webhook w { url: "https://m.example/", body: { id, more } } }'
    )
    line = (
        '{"entity": "Meter", "event": "insert", "id": "e", "new": {"id": %s, "more": {"x": %s}}}\n'
    )
    big, rows = "98765432109876543210987", [("1", "[" * 300 + "]" * 300), ("1", "NaN")]
    rows += [("9" * 5_000, "1"), ("1", '"\\ud800"')]
    (shop / "m.jsonl").write_text("".join(line % row for row in [(big, "1.10 "), *rows]))
    done = fqlc("explain", "--event", "m.jsonl", "meter.fql", "--format", "json")
    first, *others = done.out.splitlines()
    assert f'"body":{{"id":{big},"more":{{"x":1.10}}}}' in first
    problems = [json.loads(other)["problem"] for other in others]
    assert [problem.partition(": ")[0] for problem in problems] == [
        f"line {number} is not JSON" for number in (2, 3, 4, 5)
    ]


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("{broken", "an event"),
        ("[1]", "an event"),
        ("{}", "an event"),
        ('{"entity": "Order"}', "Order"),
        ('{"entity": 1, "event": "insert", "id": "a\\nb"}', "insert a\\x0ab"),
    ],
)
def test_an_event_that_cannot_be_read_says_no_more_than_it_does(
    fqlc: Command, shop: Path, line: str, title: str
) -> None:
    (shop / "e.jsonl").write_text(f"{line}\n")
    lines = fqlc("explain", "--event", "e.jsonl").out.splitlines()
    assert lines[0] == title and lines[1].startswith("  refused: ")


def test_a_request_that_cannot_be_built_would_be_dead(fqlc: Command, shop: Path) -> None:
    """As the engine makes it: a header with a line end, a segment that would leave its place."""
    (shop / "bad.fql").write_text(
        "entity Order { id: ID @key, total: Decimal, status: String }\n"
        "observer o { on: Order.insert\n"
        '  webhook head { url: "https://a.example.com/", headers: { "X-S": "{{ status }}" }, body: { id } }\n'
        '  webhook path { url: "https://a.example.com/{{ id }}", body: { id } }\n}\n'
    )
    (shop / "e.jsonl").write_text(
        '{"entity": "Order", "event": "insert", "new": {"id": "..", "total": 1, "status": "a\\nb"}}'
    )
    done = fqlc("explain", "--event", "e.jsonl", "bad.fql", "--format", "json")
    (observer,) = json.loads(done.out)["observers"]
    assert [action["decision"] for action in observer["actions"]] == ["dead", "dead"]
    assert all(action["problem"] for action in observer["actions"])
    assert "would be dead" in fqlc("explain", "--event", "e.jsonl", "bad.fql").out


def test_each_kind_of_action_is_told_in_its_word(fqlc: Command, shop: Path) -> None:
    (shop / "kinds.fql").write_text(
        "entity Order { id: ID @key, total: Decimal, status: String }\n"
        "observer o { on: Order.insert\n"
        '  webhook w { url: "https://a.example.com/", body: { id } }\n'
        '  publish p { subject: "orders.{{ status }}", body: { id } }\n'
        "  call c { function: stock.reserve, arguments: { total } }\n}\n"
    )
    row = '{"entity": "Order", "event": "insert", "new": {"id": "1", "total": 1, "status": "%s"}}\n'
    (shop / "e.jsonl").write_text(row % "new")
    told = fqlc("explain", "--event", "e.jsonl", "kinds.fql").out
    for words in (
        "w: would be sent\n      POST https://a.example.com/",
        "p: would be published\n      publish orders.new",
        "c: would be called\n      call stock.reserve",
    ):
        assert words in told
    (shop / "e.jsonl").write_text(row % "new" + row % "a.b")
    done = fqlc("explain", "--event", "e.jsonl", "kinds.fql", "--format", "json")
    assert [
        [action["decision"] for action in json.loads(line)["observers"][0]["actions"]]
        for line in done.out.splitlines()
    ] == [["send", "publish", "call"], ["send", "dead", "call"]]


def test_all_codes_are_listed(fqlc: Command) -> None:
    listed = fqlc("explain", "--list")
    assert listed.code == 0
    for page in all_pages():
        assert f"\n{page.code}  " in listed.out
        assert page.title in listed.out
    as_json = [
        json.loads(line) for line in fqlc("explain", "--list", "--format", "json").out.splitlines()
    ]
    assert [entry["code"] for entry in as_json] == [page.code for page in all_pages()]
    assert set(as_json[0]) == {"code", "severities", "title", "fixable"}


@pytest.mark.parametrize(
    ("written", "hint"),
    [("FQL2011", "did you mean `FQL201`?"), ("fql30l1", "did you mean `FQL301`?"),
     ("FQL999", "`fqlc explain --list` has all of them"), ("FQL99999999", "`fqlc explain --list` has all of them")],
)  # fmt: skip
def test_a_code_that_does_not_exist(fqlc: Command, written: str, hint: str) -> None:
    """It is no path: nobody is told to check one."""
    said = fqlc("explain", written)
    assert said.code == 2
    assert f"error: there is no code {written}\n  help: {hint}" in said.err


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("explain", "--action", "order_created.warehuse", "shop.fql"),
         "error: there is no action `order_created.warehuse`\n"
         "  help: did you mean `order_created.warehouse`?"),
        (("graph", "--observer", "order_creatd", "shop.fql"),
         "error: there is no observer `order_creatd`\n  help: did you mean `order_created`?"),
    ],
)  # fmt: skip
def test_a_name_that_does_not_exist_is_wrong_usage(
    fqlc: Command, command: tuple[str, ...], said: str
) -> None:
    ended = fqlc(*command)
    assert (ended.code, ended.err.strip()) == (2, said)
