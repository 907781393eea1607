# ruff: noqa: E501 - sources in the language are shown as they are written
"""The plan as a whole: shape, order, names, requirements, spans."""

from __future__ import annotations

from pathlib import Path

import pytest

from fql.plan.stored.codec import read_plan
from fqlc.pipeline import compile_project
from tests.lower.harness import ORDER, node, plan

FLOW = (
    ORDER
    + """
observer o {
  on: Order.insert
  webhook a { url: "https://a.example.com", body: { id } }
  webhook b { url: "https://b.example.com", body: { id } }
  webhook c { url: "https://c.example.com", body: { id } }
  webhook d { url: "https://d.example.com", body: { id, why: b.error.message } }
  flow { a -> [b, c]
    b else d }
}
"""
)


def test_edges_have_a_kind() -> None:
    assert plan(FLOW)["observers"][0]["edges"] == [
        {"from": None, "to": "a", "kind": "sequence"},
        {"from": "a", "to": "b", "kind": "fan_out"},
        {"from": "a", "to": "c", "kind": "fan_out"},
        {"from": "b", "to": "d", "kind": "failure"},
    ]


def test_several_first_actions_fan_out_from_the_event() -> None:
    text = FLOW.replace("a -> [b, c]", "[a, b, c]")
    kinds = [(e["from"], e["kind"]) for e in plan(text)["observers"][0]["edges"]]
    assert kinds[:3] == [(None, "fan_out")] * 3


@pytest.mark.parametrize(
    ("on", "when", "body", "wanted"),
    [
        ("update", "status.changed()", "{ id }", ["status"]),
        ("update", 'status.old == "a"', "{ before: total.old }", ["status", "total"]),
        ("update", "true", "{ before: _old.note }", ["note"]),
        ("update", "true", "{ before: _old }", ["id", "note", "status", "total"]),
        ("update", "true", "{ id }", []),
        ("delete", 'status == "a"', "{ id }", []),
        ("insert", 'status == "a"', "{ id }", []),
    ],
)
def test_required_old_values(on: str, when: str, body: str, wanted: list[str]) -> None:
    text = f"""{ORDER} observer o {{ on: Order.{on}, when: {when}
      webhook a {{ url: "https://a.example.com", body: {body} }} }}"""
    assert plan(text)["observers"][0]["requires"]["old_values"] == wanted


def test_an_envelope_of_an_update_needs_the_whole_old_row() -> None:
    text = f"""{ORDER} observer o {{ on: Order.update
      webhook a {{ url: "https://a.example.com" }} }}"""
    assert plan(text)["observers"][0]["requires"]["old_values"] == ["id", "note", "status", "total"]


def test_environment_names_with_all_their_users_and_no_value() -> None:
    text = f"""{ORDER}
      endpoint shop {{ url: "${{SHOP}}", signing: {{ secret: "${{SECRET}}" }} }}
      observer o {{ on: Order.insert
        webhook a {{ endpoint: shop, path: "/x", body: {{ id }}, headers: {{ "X-Key": "k ${{KEY}}" }} }}
        webhook b {{ url: "${{SHOP}}/b", body: {{ id }} }} }}"""
    assert plan(text)["environment"] == [
        {"name": "KEY", "used_by": ["observer o, action a"]},
        {"name": "SECRET", "used_by": ["endpoint shop"]},
        {"name": "SHOP", "used_by": ["endpoint shop", "observer o, action b"]},
    ]


def test_columns_keys_and_marks_of_fields() -> None:
    (entity,) = plan(FLOW)["entities"]
    assert entity["fields"][0] == {
        "name": "id", "type": "ID", "column": "id", "key": True, "sensitive": False, "doc": "",
    }  # fmt: skip
    assert entity["fields"][3]["column"] == "n"
    assert entity["fields"][2]["type"] == "Decimal?"


def test_spans_count_characters_from_one() -> None:
    text = '# ä\n"""Öl""" ' + ORDER + "observer o { on: Order.insert\n" \
        '  webhook a { url: "https://a.example.com", body: { id } } }'  # fmt: skip
    assert node(plan(text))["span"] == {
        "file": "case.fql", "line": 4, "column": 3, "end_line": 4, "end_column": 12,
    }  # fmt: skip


def test_the_same_bytes_whatever_the_order_of_files() -> None:
    files = {"b.fql": ORDER.encode(), "a.fql": FLOW.removeprefix(ORDER).encode()}
    one = compile_project(["a.fql", "b.fql"], files.get).plan
    other = compile_project(["b.fql", "a.fql"], files.get).plan
    assert one is not None
    assert one == other
    assert [s.path for s in read_plan(one).sources] == ["a.fql", "b.fql"]


@pytest.mark.parametrize("path", sorted(Path("examples").glob("0*/*.fql")), ids=str)
def test_plans_of_the_examples_load(path: Path) -> None:
    done = compile_project([path.as_posix()], lambda p: Path(p).read_bytes())
    assert done.plan is not None, done.diagnostics
    assert read_plan(done.plan).observers
