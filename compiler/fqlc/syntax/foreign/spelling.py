"""One spelling of other languages, as a row of the table: what is written, where, what is meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from fqlc.diagnostics.model import Diagnostic
from fqlc.syntax.reading.lexemes import Lexeme
from fqlc.syntax.reading.other_languages import FOREIGN, LABEL


class Where(Enum):
    """The place in which something is a spelling from another language."""

    HEAD = auto()
    """It begins a declaration."""
    TYPE = auto()
    """It is the type of a field."""
    GENERIC = auto()
    """It is a type with arguments."""
    CONSTRAINT = auto()
    """It is a constraint of SQL after the type of a field."""
    LOOKS = auto()
    """It looks like a sign of ours, wherever it is."""

    ANYWHERE = auto()
    OPERATOR = auto()
    """Between two operands."""
    VALUE = auto()
    """Where a value is wanted, as a word that nothing of the file declares."""
    FIELDS = auto()
    """In an entity or a type."""
    ENUM = auto()
    """In an enum."""
    ENTRY = auto()
    """After a name with which an entry can begin."""
    ARGUMENT = auto()
    """After a name with which an argument begins."""
    FLOW = auto()
    """In a flow."""
    TRIGGER = auto()
    """In the value of `on:`."""
    PARAMETERS = auto()
    """After parentheses with names that are not called."""

    STOP = auto()
    """Where reading stops."""
    BEFORE_STOP = auto()
    """Directly before the place where reading stops."""
    FIRST = auto()
    """At the start of a declaration in which reading stops."""
    MEMBER = auto()
    """Where reading stops in an enum."""


STOPS = frozenset({Where.STOP, Where.BEFORE_STOP, Where.FIRST, Where.MEMBER})
IN_PLACE = frozenset({Where.HEAD, Where.TYPE, Where.GENERIC, Where.CONSTRAINT, Where.LOOKS})
"""Known by the word alone, to whoever reads such a place."""
BEFORE_READING = frozenset(Where) - STOPS - IN_PLACE

SAYS = "`<0>` is spelled `<meant>` here"
Turn = Callable[[str], str | None]
"""From what is written to what is meant; None where that cannot be told."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """A row. `written`, `before` and `after` are patterns: elements with blanks between them, each
    one or several alternatives with `/` between them, which are the text of a lexeme or, in
    capitals, a class of lexemes (`fqlc.syntax.foreign.patterns`); `...x` is all up to an `x`, `~x`
    all up to an `x` on the same line. `before` and `after` must be there and remain. In the
    other fields `<1>` is the text of the first element of `written`, `<0>` that of all, `<-1>` that
    of the lexeme before, `<meant>` what is meant."""

    written: str
    where: Where
    meant: str | Turn | None = None
    """What to write in its place; None where there is no fix."""
    says: str | None = SAYS
    """The message; None where nothing is reported, because something else will be."""
    advice: tuple[str, ...] = ()
    before: str = ""
    after: str = ""
    reads: str | None = None
    """What it is read as, where that is not what is meant; `TEXT` is the last element as a text."""
    expected: str = ""
    """The terminal that must be expected where reading stops."""
    once: bool = False
    """True where all of a declaration are one mistake."""
    code: str = FOREIGN
    label: str = LABEL


@dataclass(frozen=True, slots=True)
class Mended:
    """What is wrong with some lexemes, and the lexemes as they are meant."""

    found: Diagnostic
    lexemes: list[Lexeme]


def words(where: Where, meant: str | None, written: str) -> tuple[Spelling, ...]:
    """Rows for words that mean the same."""
    return tuple(Spelling(word, where, meant) for word in written.split())
