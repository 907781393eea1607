"""The page of a code."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

from fqlc.diagnostics.model import Severity


@dataclass(frozen=True, slots=True)
class Page:
    """`wrong` and `right` are whole programs: the first earns the code, the second nothing.

    `around` says what else is needed to see it (another file, a broken file), and is empty when
    the example is whole; an example that needs surroundings is not run by the tests.
    `contract` is the text of `crm.yaml`, for examples that name it.
    """

    code: str
    title: str
    why: str
    wrong: str
    right: str
    severities: tuple[Severity, ...] = (Severity.ERROR,)
    around: str = ""
    contract: str = ""
    fixable: bool = False
    """Whether some of its reports have edits that `fqlc check --fix` makes."""


WARNING = (Severity.WARNING,)
BOTH = (Severity.ERROR, Severity.WARNING)

ORDER = """\
entity Order {
  id: UUID @key
  total: Decimal
  status: String
}
"""
"""An entity that many examples begin with."""


def program(text: str, *, entity: str = ORDER) -> str:
    """An example: the entity, and the indented text without its indentation."""
    body = dedent(text).strip("\n") + "\n"
    return f"{entity}\n{body}" if entity else body


def observer(body: str, *, entity: str = ORDER, before: str = "") -> str:
    """An example of one observer `tell` with the body given."""
    inner = "\n".join(f"  {line}" if line else "" for line in dedent(body).strip("\n").split("\n"))
    return program(f"{dedent(before)}observer tell {{\n{inner}\n}}", entity=entity)
