"""Pages of FQL301 to FQL307 and FQL351: the order of actions."""

from __future__ import annotations

from fqlc.diagnostics.pages.model import ORDER, WARNING, Page, observer

_ACTIONS = """\
webhook reserve { url: "https://stock.example.com/reserve" }
webhook label { url: "https://ship.example.com/label" }
webhook track { url: "https://ship.example.com/track" }
"""


def _flow(statements: str, actions: str = _ACTIONS) -> str:
    return observer(f"on: Order.insert\n{actions}flow {{ {statements} }}")


_RIGHT = _flow("reserve -> label -> track")
_RESPONSE = "type Label { url: String }\n\n"


def _answer(flow: str) -> str:
    return _RESPONSE + observer(
        'on: Order.insert\n'
        'webhook label { url: "https://ship.example.com/label", response: Label }\n'
        'webhook crm {\n  url: "https://crm.example.com"\n'
        "  body: { link: label.response.url }\n}\n"
        f"flow {{ {flow} }}"
    )  # fmt: skip


PAGES = (
    Page(
        code="FQL301",
        title="cycle in the flow",
        why="An action starts when all before it are done. In a cycle each waits for the others, "
        "so none would ever start. The message shows the cycle as a path.",
        wrong=_flow("reserve -> label -> track -> label"),
        right=_RIGHT,
    ),
    Page(
        code="FQL302",
        fixable=True,
        title="unknown action in the flow",
        why="The flow names an action that the observer does not have.",
        wrong=_flow("reserve -> lable -> track   label"),
        right=_RIGHT,
    ),
    Page(
        code="FQL303",
        title="action never reached",
        why="With a `flow` block every action is named in it. This one is not, or only after an "
        "action that never runs.",
        wrong=_flow("reserve -> label"),
        right=_RIGHT,
    ),
    Page(
        code="FQL304",
        title="edge written twice, or from an action to itself",
        why="An action cannot wait for itself, and writing an edge twice changes nothing.",
        wrong=_flow("reserve -> label -> track   reserve -> label"),
        right=_RIGHT,
    ),
    Page(
        code="FQL305",
        title="response or error used where it may not exist",
        why="A response may be read only where its action has run before on every path, and an "
        "error only after a failure edge (`else`).",
        wrong=_answer("[label, crm]"),
        right=_answer("label -> crm"),
    ),
    Page(
        code="FQL306",
        title="redundant edge",
        why="Other edges already put the second action after the first.",
        wrong=_flow("reserve -> label -> track   reserve -> track"),
        right=_RIGHT,
        severities=WARNING,
    ),
    Page(
        code="FQL307",
        title="observer without actions",
        why="It would watch and do nothing.",
        wrong=ORDER + "\nobserver tell {\n  on: Order.insert\n}\n",
        right=_RIGHT,
    ),
    Page(
        code="FQL308",
        fixable=True,
        title="comma that ends a chain",
        why="A comma in a flow separates statements: what comes after it does not wait for the "
        "chain before it. To run two actions side by side, write brackets.",
        wrong=_flow("reserve -> label, track"),
        right=_flow("reserve -> [label, track]"),
        severities=WARNING,
    ),
    Page(
        code="FQL351",
        title="batched action that others wait for",
        why="A batch is sent when it is full or its time is up; everything after the action "
        "waits for that. Put the batched action at the end.",
        wrong=observer(
            """
            on: Order.insert
            webhook stats {
              url: "https://stats.example.com"
              batch: { size: 10, timeout: 5s }
              body: { orders: each { id, total } }
            }
            webhook crm { url: "https://crm.example.com" }
            flow { stats -> crm }
            """
        ),
        right=observer(
            """
            on: Order.insert
            webhook stats {
              url: "https://stats.example.com"
              batch: { size: 10, timeout: 5s }
              body: { orders: each { id, total } }
            }
            webhook crm { url: "https://crm.example.com" }
            flow { crm -> stats }
            """
        ),
        severities=WARNING,
    ),
)
