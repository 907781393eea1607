# ruff: noqa: E501 - sources in the language are shown as they are written
"""What `publish` and `call` may say, and what is said of the rest."""

from __future__ import annotations

import pytest

from fqlc.checks.model import Program
from fqlc.checks.table.blocks import ACTIONS
from tests.checks.harness import checked, expect, reports, shop

WEBHOOK_ALONE = (
    'url: "https://a.example.com"', "endpoint: shop", 'path: "/x"', "method: PUT",
    "batch: { size: 2, timeout: 1s }", 'signing: { secret: "${S}" }', "auth: { type: bearer }",
    'encryption: { key: "${K}" }',
)  # fmt: skip


@pytest.mark.parametrize("entry", WEBHOOK_ALONE)
@pytest.mark.parametrize(("kind", "own"), [("publish", 'subject: "x"'), ("call", "function: f")])
def test_a_key_of_a_webhook_is_answered_with_the_keys_of_the_kind(
    kind: str, own: str, entry: str
) -> None:
    (found,) = reports(shop(f"{kind} a {{ {own} {entry} }}").replace("@sensitive", ""))
    assert (found.code, found.message) == (
        "FQL204", f"`{kind}` has no key `{entry.partition(':')[0]}`",
    )  # fmt: skip
    assert "`webhook`" in found.help[0]
    assert all(f"`{key.name}`" in found.help[1] for key in ACTIONS[kind].keys)


@pytest.mark.parametrize("inside", [
    "publish a { } # error: FQL205 needs the key `subject`",
    "call a { } # error: FQL205 needs the key `function`",
    'publish a { subject: orders body: { id } } # error: FQL206 takes a text in quotes',
    'publsh a { subject: "x" body: { id } } # error: FQL204 no block `publsh`',
    'publish a { subject: "x" headers: { "Nats-Msg-Id": "1" } body: { id } } # error: FQL361 set by fql or the NATS server',
    'publish a { subject: "x" headers: { "Fql-Key": "1" } body: { id } } # error: FQL361 set by fql or the NATS server',
    'publish a { subject: "x" headers: { "a b": "1" } body: { id } } # error: FQL361 consists of letters',
    'publish a { subject: "x" headers: { "Host": "{{ id }}", "X-K": "${K}" } body: { id } }',
    'publish a { subject: "x" headers: { "Content-Type": "text/plain" } body: { id } } # error: FQL362 text/plain',
    'publish a { subject: "x" body: "${K}" } # error: FQL321',
    'publish a { subject: "x" body: each { id } } # error: FQL343',
    "call a { function: f } ",
    "call a { function: stock.reserve } ",
    'call a { function: "stock.reserve" } ',
    'call a { function: "Stock" } # error: FQL206 is not the name of a function',
    'call a { function: "a..b" } # error: FQL206 is not the name of a function',
    'call a { function: "a.b." } # error: FQL206 is not the name of a function',
    'call a { function: "{{ id }}" } # error: FQL206 takes the name of a function',
    "call a { function: 5 } # error: FQL206 takes the name of a function",
    "call a { function: f arguments: [id] } # error: FQL206 takes an object",
    "call a { function: f arguments: { ...{ id } } } # error: FQL206 cannot be spread",
    'call a { function: f arguments: { "not a name": id } } # error: FQL206 no function has an argument',
    'call a { function: f arguments: { "class": id } } # error: FQL206 no function has an argument',
    "call a { function: f arguments: { id, total, what: nothing } } # error: FQL201 nothing",
    "call a { function: f response: Nothing } # error: FQL202 unknown type",
    "call a { function: f timeout: 2h } # error: FQL342",
])  # fmt: skip
def test_one_line(inside: str) -> None:
    expect(shop(inside))


@pytest.mark.parametrize(("kind", "inside"), [
    ("publish", 'subject: "x" body: { email }'),
    ("publish", 'subject: "x"'),
    ("publish", 'subject: "x.{{ email }}" body: { id }'),
    ("publish", 'subject: "x" body: { id } headers: { "X": "{{ email }}" }'),
    ("call", "function: f arguments: { email }"),
    ("call", 'function: f arguments: { text: "for {{ email }}" }'),
])  # fmt: skip
def test_what_is_sensitive_is_sent_where_it_is_accepted(kind: str, inside: str) -> None:
    (found,) = reports(shop(f"{kind} a {{ {inside} }}"))
    assert (found.code, found.help[0]) == (
        "FQL331", f"declare in this `{kind}`: `accepts: [sensitive]`",
    )  # fmt: skip
    assert not reports(shop(f"{kind} a {{ {inside} accepts: [sensitive] }}"))


def test_a_call_without_arguments_gives_nothing_away() -> None:
    assert not reports(shop("call a { function: f }"))


def test_a_publish_has_no_answer_and_a_call_has_one() -> None:
    expect(
        shop("""publish a { subject: "x" body: { id } }
      webhook b { url: "https://a.example.com" body: { x: a.response } } # error: FQL305 has no answer""")
    )
    expect(
        shop("""call a { function: f response: Answer }
      publish b { subject: "x.{{ a.response.shelf }}" body: { id } }
      """)
        + "type Answer { shelf: String }"
    )
    expect(
        shop("""publish a { subject: "x" body: { id } }
      call b { function: f arguments: { why: a.error.message } }
      flow { a else b }""")
    )


def test_names_of_kinds_and_keys_stay_names() -> None:
    expect("""
    entity Message { id: ID @key  publish: String  call: String  subject: String  function: Int  arguments: Int }
    observer publish { on: Message.insert  when: publish == "a" && call != subject
      webhook call_it { url: "https://a.example.com/{{ publish }}" body: { publish, call, function } }
      call publish_it { function: publish arguments: { call, subject, function } }
      publish tell { subject: "call.{{ subject }}" body: { arguments } }
      flow { call_it -> [publish_it, tell] }
    }""")


def test_what_is_meant_for_http_does_not_reach_other_kinds() -> None:
    text = (
        shop("""headers: { "Authorization": "Bearer ${TOKEN}" }
      timeout: 7s
      publish a { subject: "x" body: { id } }
      call b { function: f }""")
        + """
      defaults { signing: { secret: "${SECRET}" } concurrency: 3 }"""
    )
    program = _program(text)
    (observer,) = program.observers
    for action in observer.actions:
        policies = program.effective(observer, action)
        assert set(policies) == {"timeout", "concurrency"}


def _program(text: str) -> Program:
    found = checked(text)
    assert not found.diagnostics
    return found.program
