"""Pages of FQL311 to FQL313: text templates."""

from __future__ import annotations

from fqlc.diagnostics.pages.model import Page, observer

_ENTITY = """\
entity Order {
  id: UUID @key
  customer: String
  note: String?
}
"""


def _note(text: str) -> str:
    hook = 'webhook crm { url: "https://crm.example.com", body: { text: "'
    return observer(f"on: Order.insert\n{hook}{text}" + '" } }', entity=_ENTITY)


PAGES = (
    Page(
        code="FQL311",
        fixable=True,
        title="unknown name, attribute or filter in a template",
        why="Names between `{{` and `}}` are those of the conditions; filters are the ones that "
        "the reference lists. The place is marked inside the text.",
        wrong=_note("Order of {{ custmer }}"),
        right=_note("Order of {{ customer }}"),
    ),
    Page(
        code="FQL312",
        title="template syntax error",
        why="Templates have output, `if`, `for` over a list, comments and the listed filters. "
        "`${NAME}` is never allowed inside a tag.",
        wrong=_note("Order of {{ customer"),
        right=_note("Order of {{ customer }}"),
    ),
    Page(
        code="FQL313",
        fixable=True,
        title="value that cannot be text",
        why="A null, a list or an object has no single text form. Give a default, or use the bare "
        "expression outside a text, where it keeps its JSON type.",
        wrong=_note("Note: {{ note }}"),
        right=_note("Note: {{ note | default('none') }}"),
    ),
)
