"""Pages of FQL401 to FQL432: what is sent, and what the contract of the receiver says it takes.

Examples that earn their code name the contract `crm.yaml`, which is beside them."""

from __future__ import annotations

from textwrap import dedent, indent

from fqlc.diagnostics.pages.model import BOTH, WARNING, Page

RIGHT = """\
entity Order {
  id: UUID @key
  weight: Float
}
endpoint crm {
  url: "https://crm.example.com/v2"
}
observer tell {
  on: Order.insert
  webhook label {
    endpoint: crm
    path: "/orders/{{ id }}/labels"
    body: { weight }
  }
}
"""

_HEAD = """\
openapi: 3.1.0
info: { title: CRM, version: "1" }
paths:
  /labels:
    post:
"""
_BODY = """\
requestBody:
  content:
    application/json:
      schema:
"""
_TAKEN = 'responses: { "204": { description: taken } }\n'


def _operation(*parts: str) -> str:
    return _HEAD + indent("".join(map(dedent, parts)), " " * 6)


def _takes(schema: str) -> str:
    """A contract with one operation, which takes a body of this schema."""
    return _operation(_BODY + indent(dedent(schema), " " * 8) + _TAKEN)


_ORDER = """\
entity Order {
  id: UUID @key
  total: Decimal
  note: String?
  status: Status
}
enum Status { paid, shipped }
"""


def _sends(inside: str, *, after: str = "") -> str:
    """A program that sends one webhook to the operation of the contract."""
    body = indent(dedent(inside).strip("\n"), " " * 4)
    rest = indent(dedent(after).strip("\n"), "  ") + "\n" if after else ""
    return f"""\
{_ORDER}
endpoint crm {{
  url: "https://crm.example.com"
  contract: "crm.yaml"
}}

observer tell {{
  on: Order.insert
  webhook label {{
    endpoint: crm
    path: "/labels"
{body}
  }}
{rest}}}
"""


_WEIGHT = """\
type: object
required: [weight]
properties:
  weight: { type: string }
"""
_STATUS = """\
type: object
properties:
  status: { enum: [new, shipped, paid] }
"""
_PAYMENT = """\
type: object
properties:
  payment:
    oneOf:
      - title: card
        type: object
        required: [number]
      - title: transfer
        type: object
        required: [iban]
"""
_ANSWERS = """\
requestBody: { content: { application/json: { schema: { type: object } } } }
responses:
  "201":
    description: made
    content:
      application/json:
        schema:
          type: object
          required: [label_url]
          properties:
            label_url: { type: string }
            tracking: { type: string }
"""

_READS = """\
webhook mail {
  url: "https://mail.example.com"
  body: { url: label.response.NAME }
}
"""

PAGES = (
    Page(
        code="FQL401",
        title="operation that the contract does not have",
        why="The contract of the endpoint lists the paths and methods that the receiver answers. "
        "A webhook that goes elsewhere gets a 404 or 405.",
        wrong="",
        right=RIGHT,
        around="In this example the contract of `crm` has no POST of `/orders/{id}/labels`. The "
        "path of the endpoint's url counts, unless a url of `servers` has it. "
        "`fqlc contract show crm` lists the operations.",
    ),
    Page(
        code="FQL402",
        title="contract that cannot be used",
        why="A contract is an OpenAPI document (3.0 to 3.2) or a JSON Schema (draft 4 to 2020-12), "
        "in a file of the project. What it refers to is in the project too: a compile reads "
        "nothing from the net.",
        wrong="",
        right=RIGHT,
        around="It is reported where the file is missing, is not JSON or YAML, has a key twice in "
        "YAML, refers to nothing or to the net, or is beyond a limit. `fqlc contract update` "
        "fetches a contract together with all that it refers to.",
    ),
    Page(
        code="FQL403",
        title="body of a media type that the operation does not take",
        why="The contract lists the media types of a body. What is sent is JSON, or what `format` "
        "and the header `Content-Type` say; a receiver that takes another type answers 415.",
        wrong=_sends("body: { id }"),
        right=_sends("format: form\nbody: { id }"),
        contract=_operation(
            "requestBody: { content: { application/x-www-form-urlencoded: {} } }\n" + _TAKEN
        ),
    ),
    Page(
        code="FQL411",
        fixable=True,
        title="property that the contract requires is missing",
        why="The receiver refuses a body without it, usually with a 400 or 422, and every event "
        "becomes a dead letter. Properties that are `readOnly` need not be sent.",
        wrong=_sends("body: { id }"),
        right=_sends("body: { id, weight: total }"),
        contract=_takes(_WEIGHT),
    ),
    Page(
        code="FQL412",
        fixable=True,
        title="property that the contract does not have",
        why="Where `additionalProperties` is false the body is refused (error). Elsewhere a name "
        "that is almost one of the contract is probably misspelt, and would be ignored (warning).",
        wrong=_sends("body: { id, wieght: total }"),
        right=_sends("body: { id, weight: total }"),
        severities=BOTH,
        contract=_takes("""\
            type: object
            additionalProperties: false
            properties:
              id: { type: string, format: uuid }
              weight: { type: string }
            """),
    ),
    Page(
        code="FQL413",
        fixable=True,
        title="value of another type or format than the contract takes",
        why="The value never fits (error), or it may not (warning): a `String` can be any text, "
        "whatever `format` says, and an `ID` can be a number. A `Decimal` is sent as a text, so "
        "that it stays exact; `.to_float()` sends a number.",
        wrong=_sends("body: { total }"),
        right=_sends("body: { total: total.to_float() }"),
        severities=BOTH,
        contract=_takes("type: object\nproperties: { total: { type: number } }\n"),
    ),
    Page(
        code="FQL414",
        fixable=True,
        title="value that may be null where the contract does not take null",
        why="Many contracts refuse null and take a missing property. `note?: value`, or `note?` "
        "for short, leaves the key out where the value is null.",
        wrong=_sends("body: { note }"),
        right=_sends("body: { note? }"),
        contract=_takes("type: object\nproperties: { note: { type: string } }\n"),
    ),
    Page(
        code="FQL415",
        fixable=True,
        title="value that the contract does not take",
        why="The value is not a member of `enum`, does not fit `const` or `pattern`, or is beyond "
        "a bound (error), or can be such a value (warning).",
        wrong=_sends('body: { status: "shiped" }'),
        right=_sends("body: { status }"),
        severities=BOTH,
        contract=_takes(_STATUS),
    ),
    Page(
        code="FQL416",
        title="value that fits no branch of a union",
        why="The contract takes one of several forms (`oneOf`, `anyOf`), and this is none of them. "
        "The help says what is wrong for the nearest. With a `discriminator` and a tag that is "
        "written out, the errors of that branch are reported instead.",
        wrong=_sends("body: { payment: { nubmer: id } }"),
        right=_sends("body: { payment: { number: id } }"),
        contract=_takes(_PAYMENT),
    ),
    Page(
        code="FQL417",
        fixable=True,
        title="property that should not be sent",
        why="A property that is `readOnly` is set by the receiver, which ignores or refuses what "
        "is sent for it; one that is `deprecated` may be gone with the next version.",
        wrong=_sends('body: { id, note: "by hand" }'),
        right=_sends('body: { note: "by hand" }'),
        severities=WARNING,
        contract=_takes("""\
            type: object
            properties:
              id: { type: string, readOnly: true }
              note: { type: string }
            """),
    ),
    Page(
        code="FQL421",
        fixable=True,
        title="header, query parameter or path that the operation does not take as it is",
        why="A required parameter is missing, or what is sent for one has another type than the "
        "contract says.",
        wrong=_sends("body: { id }"),
        right=_sends('headers: { "X-Shop": "main" }\nbody: { id }'),
        severities=BOTH,
        contract=_operation(
            """\
            parameters:
              - { name: X-Shop, in: header, required: true, schema: { type: string } }
            requestBody: { content: { application/json: { schema: { type: object } } } }
            """,
            _TAKEN,
        ),
    ),
    Page(
        code="FQL431",
        title="`response` does not take every answer that the contract allows",
        why="An answer that is not of the declared type makes the action dead, though the receiver "
        "did what it was asked to do. Declare as nullable what the contract does not require, or "
        "leave `response` out: then the type of the contract counts.",
        wrong="type Label { label_url: String  tracking: String }\n"
        + _sends("body: { id }\nresponse: Label"),
        right="type Label { label_url: String  tracking: String? }\n"
        + _sends("body: { id }\nresponse: Label"),
        contract=_operation(_ANSWERS),
    ),
    Page(
        code="FQL432",
        fixable=True,
        title="answer that the contract does not have",
        why="What later actions read of an answer has the type that the contract of the receiver "
        "gives it. A property that it does not have is never there. `response:` beside the "
        "contract says what is answered in its place; `fqlc contract show crm` prints the types.",
        wrong=_sends("body: { id }", after=_READS.replace("NAME", "lable_url")),
        right=_sends("body: { id }", after=_READS.replace("NAME", "label_url")),
        contract=_operation(_ANSWERS),
    ),
)
