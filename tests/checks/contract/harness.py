# ruff: noqa: E501 - sources in the language are shown as they are written
"""Bodies against schemas, without files: an action is bound to an operation that is made here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from fqlc.checks.contract.judged import bound_actions
from fqlc.checks.model import Program
from fqlc.checks.rules import contract_body
from fqlc.contracts.judging.findings import Note
from fqlc.contracts.model import Binding, Content, Operation, schema_of
from fqlc.contracts.places import Place
from fqlc.diagnostics.model import Diagnostic
from fqlc.diagnostics.sink import Sink
from fqlc.pipeline import check_project
from fqlc.source.text import SourceText, Span

SHOP = """
enum Status { pending, paid, shipped }
type Line { sku: String  count: Int  note: String? }
type Tree { name: String  children: [Tree] }
entity Order {
  id: ID @key  number: Int  ref: UUID  total: Decimal  weight: Float  note: String?  email: String
  status: Status  was: Status?  paid: Boolean  placed: DateTime  day: Date?  line: Line
  lines: [Line]  tree: Tree  extra: JSON  tags: [String]  discount: Decimal?  rate: Float?
}
"""

Raw = Mapping[str, object]


def bound_program(
    body: str, schema: object, defs: Raw | None = None, more: str = "", media: str = ""
) -> tuple[Program, SourceText]:
    """A program of one action with this body, bound to an operation that takes this schema."""
    text = f'observer o {{ on: Order.update\nwebhook hook {{ url: "https://x.example.com/" {more}\nbody: {body}\n}} }}\n{SHOP}'
    if not body:
        text = text.replace("\nbody: \n", "\n")
    checked = check_project(["case.fql"], {"case.fql": text.encode()}.get)
    errors = [d.message for d in checked.diagnostics if d.severity == "error"]
    assert not errors, errors
    source = checked.sources["case.fql"]
    observer = checked.program.observers[0]
    content = Content({media or "application/json": schema_of(schema, defs or {})}, True, Place())
    operation = Operation(
        contract="api.yaml", name="POST /", method="POST", path="/", parameters=(), body=content,
        answers=(), deprecated=False, place=Place(), sha256="", definitions=defs or {}, stored={},
    )  # fmt: skip
    binding = Binding(operation, Span("case.fql", 0, 0))
    bound = replace(observer, actions=(replace(observer.actions[0], contract=binding),))
    return replace(checked.program, observers=(bound,)), source


def found(
    body: str, schema: object, defs: Raw | None = None, more: str = "", media: str = ""
) -> tuple[Diagnostic, ...]:
    """What the rule about bodies reports."""
    program, _ = bound_program(body, schema, defs, more, media)
    sink = Sink()
    contract_body.check(program, sink)
    return sink.found


def brief(
    body: str, schema: object, defs: Raw | None = None, more: str = "", media: str = ""
) -> list[str]:
    """`error FQL411 a.b`: severity, code and the place that the message begins with."""
    return [
        f"{d.severity} {d.code} {d.message.split(' ')[0].strip('`')}"
        for d in found(body, schema, defs, more, media)
    ]


def noted(body: str, schema: object, defs: Raw | None = None) -> list[Note]:
    """What nobody judged."""
    program, _ = bound_program(body, schema, defs)
    return list(contract_body.judged(next(iter(bound_actions(program)))).notes)


def fixed(body: str, schema: object, defs: Raw | None = None, more: str = "") -> str:
    """The body after the fix of the first finding."""
    program, source = bound_program(body, schema, defs, more)
    sink = Sink()
    contract_body.check(program, sink)
    fix = next(d.fix for d in sink.found if d.fix is not None)
    edited = source.edited((e.span.start, e.span.end, e.text) for e in fix.edits)
    return edited.partition("\nbody: ")[2].partition("\n} }")[0]
