# ruff: noqa: E501 - sources in the language are shown as they are written
"""What the keys of `publish` and `call` change: on the engine's core, with what would be sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.settings.levels import Program, compiled, order

from fql.testing.answers import Scripted
from fql.testing.harness import Harness, HarnessResult
from fqlc import compile_text
from fqlc.cli.main import run

ENTITY = """
type Answer { ok: Boolean }
entity Order { id: ID @key  status: String  total: Decimal  email: String? @sensitive }
"""


def played(inside: str, count: int = 1, **answers: object) -> HarnessResult:
    """Orders for an observer with these actions."""
    text = f"{ENTITY}observer o {{ on: Order.insert\n{inside}\n}}"
    found = Harness(compiled(Program(text)), answers=answers)  # type: ignore[arg-type]
    for number in range(count):
        found.emit("Order.insert", new=order(number, total=number))
    return found.run()


def test_subject_headers_and_body_of_a_message() -> None:
    result = played("""publish tell {
      subject: "orders.{{ status }}.{{ id }}"
      headers: { "X-Order": "{{ id }}" }
      body: { id, total }
    }""")
    assert result.requests("tell") == ({
        "kind": "publish", "subject": "orders.new.o0",
        "headers": {"Content-Type": "application/json", "X-Order": "o0"},
        "body": {"id": "o0", "total": "0"},
    },)  # fmt: skip


def test_a_message_without_a_body_is_the_envelope() -> None:
    result = played('publish tell { subject: "orders" accepts: [sensitive] }')
    body = result.requests("tell")[0]["body"]
    assert (body["entity"], body["event"], body["new"]["id"]) == ("Order", "insert", "o0")


def test_function_and_arguments_of_a_call() -> None:
    result = played("call check { function: stock.check arguments: { order: id, total } }")
    assert result.requests("check") == ({
        "kind": "call", "function": "stock.check", "arguments": {"order": "o0", "total": "0"},
    },)  # fmt: skip


@pytest.mark.parametrize("action", [
    'publish tell { subject: "x" body: { id } when: total > 0 }',
    "call tell { function: f when: total > 0 }",
])  # fmt: skip
def test_when(action: str) -> None:
    result = played(action, count=2)
    assert (len(result.attempts), result.skipped) == (1, ("tell",))


@pytest.mark.parametrize("action", [
    'publish tell { subject: "x" body: { id } %s }', "call tell { function: f %s }",
])  # fmt: skip
@pytest.mark.parametrize(("keys", "answers", "tries", "end"), [
    ("retry: { max_attempts: 5 }", [{"failure": "connect"}], 5, "exhausted"),
    ("retry: { max_attempts: 1 }", [{"failure": "connect"}], 1, "exhausted"),
    ("timeout: 2s retry: { max_attempts: 2 }", [{"delay": 3000}, 200], 2, None),
    ("timeout: 4s retry: { max_attempts: 2 }", [{"delay": 3000}], 1, None),
])  # fmt: skip
def test_policies(
    action: str, keys: str, answers: list[object], tries: int, end: str | None
) -> None:
    result = played(action % keys, tell=answers)
    assert len(result.attempts) == tries
    assert [letter.error_class for letter in result.letters] == ([end] if end else [])


@pytest.mark.parametrize(("failure", "tries", "end"), [
    ("no_stream", 3, "exhausted"), ("busy", 3, "exhausted"), ("raised", 3, "exhausted"),
    ("retry", 3, "exhausted"), ("too_large", 1, "permanent"), ("refused", 1, "permanent"),
    ("permanent", 1, "permanent"),
])  # fmt: skip
def test_how_each_failure_ends(failure: str, tries: int, end: str) -> None:
    result = played("call tell { function: f }", tell=[{"failure": failure}])
    assert (len(result.attempts), [one.error_class for one in result.letters]) == (tries, [end])


@pytest.mark.parametrize("action", [
    'publish tell { subject: "x" body: { id } max_age: 10m }', "call tell { function: f max_age: 10m }",
])  # fmt: skip
def test_max_age(action: str) -> None:
    text = f"{ENTITY}observer o {{ on: Order.insert {action} }}"
    found = Harness(compiled(Program(text)))
    found.emit("Order.insert", new=order(1, total=1), timestamp="2025-12-31T23:00:00Z")
    result = found.run()
    assert (result.attempts, [one.error_class for one in result.letters]) == ((), ["expired"])


ACTIONS = {
    "nats": 'publish {name} {{ subject: "x" body: {{ id }} }}',
    "call:f": "call {name} {{ function: f }}",
}


def limited(limits: str, endpoint: str, other: str) -> dict[str, list[int]]:
    """When the attempts of six orders begin, in milliseconds, each taking a second: of two actions
    of one endpoint as `one`, of an action elsewhere as `other`."""
    actions = [*(ACTIONS[endpoint].format(name=name) for name in ("a", "b")), other]
    observers = [f"observer o{n} {{ on: Order.insert {it} }}" for n, it in enumerate(actions)]
    text = f"defaults {{ {limits} }}{ENTITY}{' '.join(observers)}"
    slow = [Scripted(delay=1000)]
    found = Harness(compiled(Program(text)), answers=dict.fromkeys(("a", "b", "c"), slow))
    for number in range(6):
        found.emit("Order.insert", new=order(number, total=1))
    times = [(one.action == "c", one.at) for one in found.run().attempts]
    return {
        name: [at - times[0][1] for elsewhere, at in times if elsewhere is is_other]
        for name, is_other in (("one", False), ("other", True))
    }


@pytest.mark.parametrize("endpoint", ACTIONS)
@pytest.mark.parametrize("other", [
    'webhook c { url: "https://a.example.com" body: { id } }', "call c { function: g }",
])  # fmt: skip
def test_each_endpoint_of_a_kind_has_limits_of_its_own(endpoint: str, other: str) -> None:
    """All that is published shares one, all calls of a function share another."""
    times = limited("concurrency: 2", endpoint, other)
    in_turn = [at for second in range(6) for at in (second * 1000,) * 2]
    assert times == {"one": in_turn, "other": in_turn[:6]}
    times = limited("rate_limit: { max_per_second: 10, burst: 1 }", endpoint, other)
    assert [at // 100 for at in times["one"]] == list(range(12))
    assert [at // 100 for at in times["other"]] == list(range(6))


def test_max_body() -> None:
    action = 'publish tell { subject: "x" body: { id, text: "%s" } max_body: 64B }'
    assert not played(action % "short").letters
    (letter,) = played(action % ("long" * 20)).letters
    assert letter.error_class == "evaluation"


def test_response_and_what_later_actions_see() -> None:
    result = played("""call check { function: f response: Answer }
      publish tell { subject: "x" body: { ok: check.response.ok } }
      publish other { subject: "y" body: { why: check.error.class } }
      flow { check -> tell  check else other }""", check={"body": {"ok": True}})  # fmt: skip
    assert result.requests("tell")[0]["body"] == {"ok": True}
    assert result.sent == ("check", "tell")


def test_a_value_that_would_be_another_subject_is_dead() -> None:
    text = f'{ENTITY}observer o {{ on: Order.insert publish tell {{ subject: "orders.{{{{ status }}}}" body: {{ id }} }} }}'
    for value in ("", "a.b", "*", ">", "a b", "a\tb", "a\0b", "a>b"):
        found = Harness(compiled(Program(text)))
        found.emit("Order.insert", new=order(1, status=value, total=1))
        (letter,) = found.run().letters
        assert (letter.error_class, "subject" in letter.reason) == ("evaluation", True), value


def test_expectations_of_subjects_and_arguments(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"""{ENTITY}observer o {{ on: Order.insert
      call check {{ function: f arguments: {{ order: id }} }}
      publish tell {{ subject: "orders.{{{{ id }}}}" body: {{ id }} }} }}
    test "both" {{ observer: o  event: Order.insert  new: {{ id: "1", status: "new", total: 1 }}
      expect: {{ sent: [check, tell], subjects: {{ tell: "orders.1" }},
        arguments: {{ check: {{ order: "1" }} }}, bodies: {{ tell: {{ id: "1" }} }} }} }}"""
    file = tmp_path / "o.fql"
    for written, wrong, line in (
        (
            'tell: "orders.1"',
            'tell: "orders.2"',
            'subject of tell: expected "orders.2", got "orders.1"',
        ),
        ('{ order: "1" } }', '{ order: "2" } }', 'arguments of check.order: expected "2", got "1"'),
        ("sent: [check, tell]", "sent: [check]", "sent: expected [check], got [check, tell]"),
    ):
        file.write_text(text)
        assert run(["test", str(file)]) == 0
        file.write_text(text.replace(written, wrong, 1))
        assert run(["test", str(file)]) == 1
        assert line in capsys.readouterr().out


@pytest.mark.parametrize(("expected", "said"), [
    ("bodies: { check: {} }", "which has no body"),
    ("subjects: { check: {} }", "which has no subject"),
    ("arguments: { tell: {} }", "which has no arguments"),
])  # fmt: skip
def test_each_kind_is_expected_to_do_its_own(expected: str, said: str) -> None:
    text = f"""{ENTITY}observer o {{ on: Order.insert
      call check {{ function: f }}
      publish tell {{ subject: "x" body: {{ id }} }} }}
    test "both" {{ observer: o  event: Order.insert  new: {{ id: "1", status: "new", total: 1 }}
      expect: {{ sent: [check, tell], {expected} }} }}"""
    found = next(one for one in compile_text(text).diagnostics if one.code != "FQL207")
    assert (found.code, said in found.message) == ("FQL381", True)
