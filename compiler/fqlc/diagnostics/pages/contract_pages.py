"""Pages of FQL401 to FQL432: what is sent, and what the contract of the receiver says it takes.

They have no example to run, since a contract is another file."""

from __future__ import annotations

from fqlc.diagnostics.pages.model import Page

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
        around="It is reported where the file is missing, is not JSON or YAML, has a key twice, "
        "refers to nothing or to the net, or is beyond a limit. `fqlc contract update` fetches a "
        "contract together with all that it refers to.",
    ),
    Page(
        code="FQL432",
        title="answer that the contract does not have",
        why="What later actions read of an answer has the type that the contract of the receiver "
        "gives it. A property that it does not have is never there.",
        wrong="",
        right=RIGHT,
        around="It is reported where an action after `label` reads `label.response.x` and no "
        "answer of the operation has an `x`, or the operation answers no JSON. `response:` beside "
        "the contract says what is answered in its place. `fqlc contract show crm` prints types.",
    ),
)
