"""Patterns of the table against a row of lexemes, and the places in which a row can be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fql.plan.language.functions import names_of
from fql_grammar.tokens import CLOSERS, OPENERS
from fqlc.syntax.foreign.spelling import Spelling, Where
from fqlc.syntax.reading.lexemes import Lexeme
from fqlc.syntax.reading.numbers import meant_unit
from fqlc.syntax.reading.rows import same_line

_FAR = 200
"""So many lexemes back an open bracket or a `flow` is looked for."""
_FAR_IN_PATTERN = 40
_ENDS_OPERAND = frozenset(
    {"NAME", "STRING", "NUMBER", "WORD", "RPAREN", "RBRACKET", "RBRACE", "QUESTION"}
)
_BEGINS_OPERAND = frozenset(
    {"NAME", "STRING", "NUMBER", "WORD", "LPAREN", "LBRACKET", "BANG", "MINUS", "EACH"}
)
_BEFORE_VALUE = frozenset(
    {"_COLON", "EQUALS", "LPAREN", "LBRACKET", "OP", "MINUS", "BANG", "SPREAD", "_COMMA"}
)
_CONSTANTS = frozenset(
    {"null", "None", "nil", "NULL", "undefined", "True", "TRUE", "False", "FALSE"}
)
_NULLS = frozenset({"null", "None", "nil", "NULL", "undefined"})
_PREFIXES = frozenset({"r", "R", "u", "b", "rb", "br", "fr", "rf", "N", "E"})
_FILTERS = frozenset({*names_of("filter"), "default", "title", "safe", "tojson"})
_CHOOSING = frozenset({"case", "match", "switch", "typeof"})


def _begins(*starts: str) -> Callable[[Lexeme], bool]:
    return lambda x: x.type == "FOREIGN" and x.text.startswith(starts)


CLASSES: Mapping[str, Callable[[Lexeme], bool]] = {
    "ANY": lambda _: True,
    "OPERAND": lambda x: x.type in _ENDS_OPERAND,
    "OPERAND_BEGINS": lambda x: x.type in _BEGINS_OPERAND,
    "DECLARES": lambda x: x.type in ("TYPE", "ENTITY", "ENUM"),
    "PLAIN": lambda x: x.type in ("NUMBER", "STRING", "WORD", "NAME"),
    "NAME": lambda x: x.type == "NAME",
    "KEY": lambda x: x.type == "KEY",
    "NUMBER": lambda x: x.type == "NUMBER",
    "STRING": lambda x: x.type == "STRING",
    "SINGLE": lambda x: x.type == "STRING" and x.text[-1:] == "'",
    "CONSTANT": lambda x: x.type == "WORD" or x.text in _CONSTANTS,
    "NULLS": lambda x: x.text in _NULLS,
    "FILTER": lambda x: x.text in _FILTERS,
    "CHOOSING": lambda x: x.type == "NAME" and x.text.lower() in _CHOOSING,
    "INSERTING": lambda x: x.type == "NAME" and x.text in ("f", "F"),
    "PREFIX": lambda x: x.type == "NAME" and x.text in _PREFIXES,
    "UNIT": lambda x: meant_unit(x.text) is not None,
    "PATTERN": lambda x: x.type in ("FOREIGN", "STRING"),
    "COMMENT": _begins("//", "--"),
    "LONG_COMMENT": _begins("/*"),
    "TRIPLED": _begins("'''"),
    "QUOTED": _begins("`", "\u201c", "\u2018"),
    "URL": _begins("http"),
    "HEREDOC": _begins("<<"),
    "REGEX": _begins("/"),
}
"""What an element in capitals stands for."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A lexeme among others: those before it are the last of `left`, up to `end`; it and those
    after it are in `right`, from `at` to `stop`. The declaration begins with `first`."""

    left: list[Lexeme]
    end: int
    right: list[Lexeme]
    at: int
    stop: int
    first: Lexeme
    declared: frozenset[str] = frozenset()
    """Names that the file declares."""

    def before(self, steps: int = 1) -> Lexeme | None:
        """The lexeme so many steps to the left."""
        index = self.end - steps
        return self.left[index] if index >= 0 else None

    def after(self, steps: int = 1) -> Lexeme | None:
        """The lexeme so many steps to the right; 0 is the one of the spot."""
        index = self.at + steps
        return self.right[index] if index < self.stop else None


@dataclass(frozen=True, slots=True)
class Match:
    """A row that fits a spot: the lexemes of each element of `written`, of which `taken` are to the
    left of the spot, and the one before all."""

    row: Spelling
    elements: list[list[Lexeme]]
    taken: int
    before: Lexeme | None

    @property
    def lexemes(self) -> list[Lexeme]:
        """All of the spelling."""
        return [lexeme for element in self.elements for lexeme in element]


class Pattern:
    """A row with its patterns taken apart."""

    def __init__(self, row: Spelling) -> None:
        self.row = row
        written = row.written.split()
        literal = (i for i, element in enumerate(written) if not _is_class(element))
        self._taken = next(literal, len(written) - 1)
        self._left = [*row.before.split(), *written[: self._taken]][::-1]
        self._right, self._after = written[self._taken :], row.after.split()

    @property
    def keys(self) -> tuple[str, ...]:
        """Texts of the lexeme at which the row is looked for; empty where it is a class."""
        return () if _is_class(self._right[0]) else _alternatives(self._right[0])

    def match(self, spot: Spot) -> Match | None:
        """The match of `written` between its neighbours; None where it does not fit."""
        left = [spot.before(back) for back in range(1, len(self._left) + 1)]
        if not all(x is not None and _fits(e, x) for e, x in zip(self._left, left, strict=True)):
            return None
        elements = [[x] for x in left[: self._taken][::-1] if x is not None]
        at = 0
        for element in (*self._right, *self._after):
            run = _lexemes_of_element(element, spot, at)
            if not run:
                return None
            elements.append(run)
            at += len(run)
        del elements[len(elements) - len(self._after) :]
        return Match(self.row, elements, self._taken, spot.before(self._taken + 1))


def _is_class(element: str) -> bool:
    return any(one in CLASSES for one in _alternatives(element))


def _alternatives(element: str) -> tuple[str, ...]:
    return (element,) if element == "/" else tuple(element.split("/"))


def _fits(element: str, lexeme: Lexeme) -> bool:
    for one in _alternatives(element):
        judge = CLASSES.get(one)
        if judge(lexeme) if judge is not None else lexeme.text == one:
            return True
    return False


def _lexemes_of_element(element: str, spot: Spot, at: int) -> list[Lexeme]:
    """The lexemes that an element stands for, `at` steps to the right; none where it does not
    fit."""
    if element in ("TOUCHING", "DASHED"):
        return _touching(spot, at, to_key=element == "DASHED")
    gap = _GAP.match(element)
    if gap is not None:
        return _up_to(gap[2], spot, at, one_line=gap[1] == "~")
    lexeme = spot.after(at)
    return [lexeme] if lexeme is not None and _fits(element, lexeme) else []


_GAP = re.compile(r"(~|\.\.\.)([^.<=].*|=)")


def _up_to(wanted: str, spot: Spot, at: int, *, one_line: bool) -> list[Lexeme]:
    """All up to a lexeme, whatever it was read as."""
    found: list[Lexeme] = []
    while len(found) < _FAR_IN_PATTERN and (lexeme := spot.after(at + len(found))) is not None:
        if one_line and found and not same_line(found[-1], lexeme):
            break
        found.append(lexeme)
        if _fits(wanted, lexeme) or lexeme.origin.text[lexeme.start : lexeme.end] == wanted:
            return found
    return []


def _touching(spot: Spot, at: int, *, to_key: bool) -> list[Lexeme]:
    """What is written without a blank before it, up to a key or to a sign that ends a value."""
    found: list[Lexeme] = []
    last = spot.after(at - 1)
    while last is not None and (lexeme := spot.after(at + len(found))) is not None:
        if lexeme.start != last.end or (not to_key and lexeme.text[:1] in "\"',}"):
            break
        found.append(lexeme)
        last = lexeme
        if to_key and lexeme.type == "KEY":
            return found
    return [] if to_key else found


# Places ----------------------------------------------------------------------


def _type(lexeme: Lexeme | None) -> str:
    return lexeme.type if lexeme is not None else ""


def _is_operator(spot: Spot) -> bool:
    """Between two operands, and not between the short entries of an object."""
    before = _type(spot.before())
    shorts = before == "NAME" and _type(spot.before(2)) in ("LBRACE", "_COMMA")
    ends = before in _ENDS_OPERAND and before != "RBRACE"
    return ends and _type(spot.after()) in _BEGINS_OPERAND and not shorts


def _is_value(spot: Spot) -> bool:
    if _type(spot.before()) not in _BEFORE_VALUE or _is_in_fields(spot):
        return False  # `NOT NULL` after a type is not a value
    word = spot.right[spot.at].text
    return word not in spot.declared and _type(spot.after()) not in ("DOT", "LPAREN", "LBRACE")


def _is_in_fields(spot: Spot) -> bool:
    return spot.first.type in ("ENTITY", "TYPE")


def _is_entry(spot: Spot) -> bool:
    before = spot.before(2)
    begins = before is not None and (
        before.type in ("LBRACE", "_COMMA") or before.type in _ENDS_OPERAND
    )
    return begins and _type(spot.before()) == "NAME"


def _is_argument(spot: Spot) -> bool:
    """True for the `=` of `f(name=value)`."""
    if _type(spot.before()) != "NAME" or _type(spot.before(2)) not in ("LPAREN", "_COMMA"):
        return False
    depth = 0
    for steps in range(1, _FAR):
        type_ = _type(spot.before(steps))
        depth += type_ in CLOSERS
        if type_ in OPENERS:
            if depth == 0:
                return type_ == "LPAREN" and _type(spot.before(steps + 1)) == "NAME"
            depth -= 1
    return False


def _is_in_flow(spot: Spot) -> bool:
    """True when only what a flow holds is between `flow {` and here."""
    for steps in range(1, _FAR):
        type_ = _type(spot.before(steps))
        if type_ in ("FLOW", "KEY", "OP", "RBRACE", "STRING", "NUMBER", ""):
            return type_ == "FLOW"
    return False


def _is_trigger(spot: Spot) -> bool:
    near = (spot.before(steps) for steps in range(1, 13))
    key = next((x for x in near if _type(x) in ("KEY", "LBRACE")), None)
    return key is not None and key.text == "on"


def _is_after_parameters(spot: Spot) -> bool:
    """True after `(a, b)`."""
    if _type(spot.before()) != "RPAREN":
        return False
    steps = 2
    while _type(spot.before(steps)) in ("NAME", "_COMMA"):
        steps += 1
    called = _type(spot.before(steps + 1)) in ("NAME", "RPAREN")
    return _type(spot.before(steps)) == "LPAREN" and not called


PLACES: Mapping[Where, Callable[[Spot], bool]] = {
    Where.OPERATOR: _is_operator,
    Where.VALUE: _is_value,
    Where.FIELDS: _is_in_fields,
    Where.ENUM: lambda spot: spot.first.type == "ENUM",
    Where.ENTRY: _is_entry,
    Where.ARGUMENT: _is_argument,
    Where.FLOW: _is_in_flow,
    Where.TRIGGER: _is_trigger,
    Where.PARAMETERS: _is_after_parameters,
    Where.MEMBER: lambda spot: spot.first.type == "ENUM",
}
"""How a place is known, where it is not known from where the row is looked for."""
