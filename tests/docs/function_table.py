"""The table of methods and filters in the language reference, made from
`fql.plan.language.functions`."""

from __future__ import annotations

from collections.abc import Iterator

from fql.plan.language.functions import FUNCTIONS, Function
from fql.plan.language.types import ERROR, Type


def table() -> str:
    """All rows, as the page shows them."""
    head = ("| on | name | gives | method | filter | meaning |", "|---|---|---|---|---|---|")
    return "\n".join((*head, *_rows()))


def _rows() -> Iterator[str]:
    for function in FUNCTIONS:
        places = ("yes" if place in function.places else "" for place in ("method", "filter"))
        cells = (
            _shown(function.operand), f"`{_call(function)}`", f"`{function.result}`", *places,
            function.doc,
        )  # fmt: skip
        yield f"| {' | '.join(cells)} |"


def _call(function: Function) -> str:
    given = [
        f"{_shown(kind).strip('`')}{'' if number < function.least else '?'}"
        for number, kind in enumerate(function.parameters)
    ]
    return f"{function.name}({', '.join(given)})"


def _shown(kind: Type) -> str:
    text = str(kind)
    return "any list" if str(ERROR) in text else f"`{text}`"


if __name__ == "__main__":
    import sys

    sys.stdout.write(table() + "\n")
