"""Pages of FQL201 to FQL208: names and keys."""

from __future__ import annotations

from fqlc.diagnostics.pages.model import ORDER, WARNING, Page, observer, program

_RIGHT = observer(
    """
    on: Order.update
    when: total > 1000
    webhook crm { url: "https://crm.example.com/orders" }
    """
)
_POLICY = "retry patient { max_attempts: 5 }\n\n"


def _with(text: str) -> str:
    return observer(f"on: Order.insert\n{text}")


PAGES = (
    Page(
        code="FQL201",
        fixable=True,
        title="unknown field",
        why="A condition on a field that does not exist would never be true, so every name is "
        "checked against the entity of the observer.",
        wrong=observer(
            """
            on: Order.update
            when: totl > 1000
            webhook crm { url: "https://crm.example.com/orders" }
            """
        ),
        right=_RIGHT,
    ),
    Page(
        code="FQL202",
        fixable=True,
        title="unknown entity, type, endpoint, retry policy, observer or name",
        why="Names live in one scope for all files of a project, whatever their order. This one "
        "is declared nowhere.",
        wrong=observer(
            """
            on: Ordr.update
            webhook crm { url: "https://crm.example.com/orders" }
            """
        ),
        right=_RIGHT,
    ),
    Page(
        code="FQL203",
        title="declared twice",
        why="Two declarations, fields, actions or keys with the same name would leave open which "
        "of them counts. An action must not have the name of a field of its entity, nor a field a "
        "built-in name.",
        wrong=_with('webhook crm { url: "https://a.example.com", url: "https://b.example.com" }'),
        right=_with('webhook crm { url: "https://a.example.com" }'),
    ),
    Page(
        code="FQL204",
        fixable=True,
        title="unknown key, block or attribute",
        why="A setting with a typing mistake would silently do nothing. Each block has its own "
        "keys; the reference lists them.",
        wrong=_with('webhook crm { url: "https://a.example.com", timout: 5s }'),
        right=_with('webhook crm { url: "https://a.example.com", timeout: 5s }'),
    ),
    Page(
        code="FQL205",
        title="missing required key",
        why="The block cannot work without it: an observer needs `on`, a webhook `url` or "
        "`endpoint`.",
        wrong=_with('webhook crm { method: "POST" }'),
        right=_with('webhook crm { url: "https://a.example.com", method: "POST" }'),
    ),
    Page(
        code="FQL206",
        fixable=True,
        title="value of the wrong kind",
        why="The key needs another kind of value: a duration is written `5s`, a list `[a, b]`, "
        "a text in quotes. Keys that exclude each other, such as `url` and `endpoint`, are "
        "reported here too.",
        wrong=_with('webhook crm { url: "https://a.example.com", timeout: "5s" }'),
        right=_with('webhook crm { url: "https://a.example.com", timeout: 5s }'),
    ),
    Page(
        code="FQL207",
        title="unused declaration",
        why="Nothing uses the declaration. Often the use was renamed, and what was meant here no "
        "longer happens.",
        wrong=_POLICY + _with('webhook crm { url: "https://a.example.com" }'),
        right=_POLICY + _with('webhook crm { url: "https://a.example.com", retry: patient }'),
        severities=WARNING,
    ),
    Page(
        code="FQL208",
        fixable=True,
        title="allow comment without reason or use",
        why="`# fql: allow CODE REASON` silences a warning on its line or the next. "
        "Without a reason nobody can judge it later; a comment that silences nothing now would "
        "hide a later mistake. "
        "Errors cannot be allowed.",
        wrong=ORDER + "\n# fql: allow FQL207 kept for the next release\n" + "let unused = 1\n"
        "# fql: allow FQL207 nothing here\n"
        + _with('webhook crm { url: "https://a.example.com" }').removeprefix(ORDER),
        right=program(
            """
            # fql: allow FQL207 kept for the next release
            let unused = 1

            observer tell {
              on: Order.insert
              webhook crm { url: "https://a.example.com" }
            }
            """
        ),
        severities=WARNING,
    ),
)
