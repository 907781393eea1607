"""Pages of FQL101 to FQL111 and FQL390: text that cannot be read."""

from __future__ import annotations

from fqlc.diagnostics.pages.model import Page, observer, program

_SOUND = observer(
    """
    on: Order.update
    when: total > 1000
    webhook crm { url: "https://crm.example.com/orders" }
    """
)


def _greeting(text: str) -> str:
    hook = 'webhook crm { url: "https://crm.example.com/orders", body: { note: "'
    return observer(f"on: Order.insert\n{hook}{text}" + '" } }')


PAGES = (
    Page(
        code="FQL101",
        fixable=True,
        title="unexpected token",
        why="The text does not follow the grammar here. The message says what was expected. "
        "The rest of the file is still read, so other mistakes are found in the same run.",
        wrong=observer(
            """
            on: Order.update
            when:
            webhook crm { url "https://crm.example.com/orders" }
            """
        ),
        right=_SOUND,
    ),
    Page(
        code="FQL102",
        fixable=True,
        title="brace or bracket that is not closed",
        why="The message points at the innermost bracket that is open where the declaration must "
        "end: at a closing bracket of another kind, at a declaration that begins in the first "
        "column, or at the end of the file.",
        wrong=_SOUND.rstrip().removesuffix("}"),
        right=_SOUND,
    ),
    Page(
        code="FQL103",
        fixable=True,
        title="text that is not closed, or a bad escape",
        why="A text in single or double quotes ends on its line; longer ones are written "
        "between triple quotes. The escapes are \\n \\r \\t \\\\ \\\" \\' \\$ \\{ and \\u{1F600}, "
        "and `${` is followed by a name and `}`.",
        wrong=_greeting("50\\% off"),
        right=_greeting("50% off"),
    ),
    Page(
        code="FQL104",
        fixable=True,
        title="a spelling from another language",
        why="What is meant is clear, but it is written as in Python, JavaScript or SQL. The fix "
        "writes it as fql does. `!` before a comparison without parentheses is refused, because "
        "languages read it in two ways.",
        wrong=observer(
            """
            on: Order.update
            when: total > 1000 and status = "paid"
            webhook crm { url: "https://crm.example.com/orders" }
            """
        ),
        right=observer(
            """
            on: Order.update
            when: total > 1000 && status == "paid"
            webhook crm { url: "https://crm.example.com/orders" }
            """
        ),
    ),
    Page(
        code="FQL105",
        fixable=True,
        title="unknown character, bad number or unit",
        why="Outside texts and comments only ASCII has a meaning. Numbers are decimal, with "
        "`_` between digits; the units are `ms s m h d` and `B KB MB GB TB KiB MiB GiB TiB`.",
        wrong=observer(
            """
            on: Order.insert
            webhook crm { url: "https://crm.example.com/orders", timeout: 5sec }
            """
        ),
        right=observer(
            """
            on: Order.insert
            webhook crm { url: "https://crm.example.com/orders", timeout: 5s }
            """
        ),
    ),
    Page(
        code="FQL110",
        title="file that cannot be read",
        why="The file is not there, is not UTF-8, holds NUL bytes as only binary files do, or has "
        "more than 5 MB.",
        wrong="",
        right="",
        around="This is about the bytes of a file, so no example can show it: save the file as "
        "UTF-8, "
        "and split what is larger than 5 MB into files that are imported.",
    ),
    Page(
        code="FQL111",
        title="import that is not found, or a cycle of imports",
        why="The path of an import is relative to the file that imports. Files that import each "
        "other in a cycle have no order in which a person can read them. An import reads only "
        "regular files called `*.fql` inside the project, because anybody who sends a change can "
        "write an import.",
        wrong='import "missing.fql"\n\n' + _SOUND,
        right=_SOUND,
        around="The right example has no import: with a file `shared.fql` beside it, "
        '`import "shared.fql"` is sound.',
    ),
    Page(
        code="FQL390",
        title="limit exceeded",
        why="Expressions and brackets may be nested 100 levels deep at most; templates, observers "
        "and files have limits too. They keep every later step fast and its memory bounded. "
        "Compare with a list instead of many `||`, and name parts with `let`.",
        wrong=program(f"let deep = {'(' * 120}1{')' * 120}", entity=""),
        right=_SOUND,
    ),
)
