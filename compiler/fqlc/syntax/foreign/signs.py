"""Spellings of other languages: answered with FQL104 and a fix, then read as what they mean."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping

from fqlc.diagnostics.model import Edit, Fix
from fqlc.syntax.foreign.answers import report, say
from fqlc.syntax.foreign.texts import answer_sign, answer_text
from fqlc.syntax.reading.lexemes import Lexed, Lexeme
from fqlc.syntax.tree import ast

MAX_SUSPECTS = 10_000
"""Behind so many suspects of a file, foreign spellings are no longer told from other mistakes."""

_WORD_VALUES = {
    "None": "null", "nil": "null", "NULL": "null", "undefined": "null",
    "True": "true", "TRUE": "true", "False": "false", "FALSE": "false",
}  # fmt: skip
_OPERATORS = {
    "===": "==", "!==": "!=", "<>": "!=", "&": "&&", "|": "||",
    "and": "&&", "And": "&&", "or": "||", "Or": "||",
}  # fmt: skip
_NULLS = frozenset({"null", *(word for word, meant in _WORD_VALUES.items() if meant == "null")})
_FILTERS = frozenset(
    {"default", "upper", "lower", "trim", "length", "replace", "join", "round", "date", "json",
     "truncate", "urlencode", "title", "safe", "tojson"}
)  # fmt: skip
_ENDS_OPERAND = frozenset(
    {"NAME", "STRING", "NUMBER", "WORD", "RPAREN", "RBRACKET", "RBRACE", "QUESTION"}
)
_DECLARES = frozenset({"TYPE", "ENTITY", "ENUM"})
_PLAIN = frozenset({"NUMBER", "STRING", "WORD", "NAME"})
_FAR = 200
"""How many lexemes back an open bracket or a `flow` is looked for."""
_BEGINS_OPERAND = frozenset(
    {"NAME", "STRING", "NUMBER", "WORD", "LPAREN", "LBRACKET", "BANG", "MINUS", "EACH"}
)
_BEFORE_OPERAND = frozenset(
    {"_COLON", "EQUALS", "LPAREN", "LBRACKET", "OP", "MINUS", "BANG", "SPREAD", "_COMMA"}
)


def repair(lexed: Lexed) -> list[Lexeme]:
    """The lexemes without foreign spellings; those found are reported at their place."""
    if not lexed.suspects:
        return lexed.lexemes
    reader = _Reader(lexed)
    for index in lexed.suspects[:MAX_SUSPECTS]:
        reader.answer(index)
    return lexed.lexemes


_Judge = Callable[[int, Lexeme], None]


class _Reader:
    """Judges a suspect by its neighbours."""

    def __init__(self, lexed: Lexed) -> None:
        self._lexemes = lexed.lexemes
        self._starts = lexed.starts
        self._judges: Mapping[str, _Judge] = {
            "=": self._equals, "=>": self._arrow, "-->": self._long_arrow, "is": self._is,
            "like": self._like, "ilike": self._like, "between": self._between,
            "?": self._question, "..=": self._inclusive, "=~": self._match, "as": self._as,
        }  # fmt: skip
        self._known = {x.text for x in lexed.lexemes if x.type == "KEY"} | _members(lexed.lexemes)

    def answer(self, index: int) -> None:
        """Report the lexeme at `index` when it is foreign, and retype it."""
        lexeme = self._lexemes[index]
        if lexeme.type == "STRING":
            answer_text(self._lexemes[index - 1], lexeme)
        elif lexeme.type not in ("KEY", "SKIP"):
            self._judge_of(lexeme.text)(index, lexeme)

    def _judge_of(self, text: str) -> _Judge:
        if text in _OPERATORS:
            return self._operator
        if text in _WORD_VALUES:
            return self._word
        if text.startswith("el"):
            return self._else
        return self._judges.get(text.lower(), _sign)

    def _near(self, index: int) -> Lexeme | None:
        return self._lexemes[index] if 0 <= index < len(self._lexemes) else None

    def _type(self, index: int) -> str:
        near = self._near(index)
        return near.type if near is not None else ""

    def _equals(self, index: int, lexeme: Lexeme) -> None:
        """`=` after a key on its own line means `:`, elsewhere `==`."""
        if self._type(index + 1) == "LBRACE" and self._type(index - 2) in _DECLARES:
            report(lexeme, "", "a declaration has no `=` before its brace", tight=True)
            lexeme.type = "SKIP"
            return
        if self._in_fields(index):
            self._default(index, lexeme, "a field has no default value")
            return
        if self._in_enum(index):
            self._values_of_enum(index)
            return
        if self._is_named_argument(index):
            return
        key = self._near(index - 1)
        if key is not None and key.type == "NAME" and self._at_entry(index - 1):
            report(lexeme, ":", "`key: value` is written with a colon", tight=True)
            key.type, lexeme.type = "KEY", "_COLON"
            return
        report(lexeme, "==", "`=` does not compare; `==` does")
        lexeme.type, lexeme.text = "OP", "=="

    def _is_named_argument(self, index: int) -> bool:
        """`f(name=value)`: read as the value."""
        name, before = self._near(index - 1), self._type(index - 2)
        if name is None or name.type != "NAME" or before not in ("LPAREN", "_COMMA"):
            return False
        opener = self._open_parenthesis(index)
        if opener is None or self._type(opener - 1) != "NAME":
            return False
        report(name, "", "arguments have no names here", last=self._lexemes[index])
        name.type = self._lexemes[index].type = "SKIP"
        return True

    def _open_parenthesis(self, index: int) -> int | None:
        """The parenthesis that is open at a lexeme, unless another bracket is open in it."""
        depth = 0
        for i in range(index - 1, max(index - _FAR, -1), -1):
            type_ = self._type(i)
            depth += type_ in ("RPAREN", "RBRACKET", "RBRACE")
            if type_ in ("LPAREN", "LBRACKET", "LBRACE"):
                if depth == 0:
                    return i if type_ == "LPAREN" else None
                depth -= 1
        return None

    def _values_of_enum(self, index: int) -> None:
        """All values of an enum are one mistake."""
        first, edits = self._lexemes[index], []
        while (sign := self._near(index)) is not None and sign.type != "RBRACE":
            if sign.text == "=":
                value = self._near(index + 1)
                last = value if value is not None and value.type in _PLAIN else sign
                start = self._lexemes[index - 1].end
                edits.append(Edit(sign.origin.span(start, last.end), ""))
                sign.type = last.type = "SKIP"
                sign.text = ""
            index += 1
        if edits:
            say(first, "members of an enum have no values", Fix(tuple(edits)))

    def _at_entry(self, index: int) -> bool:
        """True when an entry of a block or object can begin with this lexeme."""
        before = self._near(index - 1)
        if before is None or before.type in ("LBRACE", "_COMMA"):
            return before is not None
        return before.type in _ENDS_OPERAND

    def _operator(self, index: int, lexeme: Lexeme) -> None:
        meant = _OPERATORS[lexeme.text]
        if lexeme.text == "|" and self._is_trigger(index):
            lexeme.type, lexeme.text = "OP", meant  # The checker asks for a list of triggers.
            return
        if lexeme.text == "|" and self._is_answered(index, lexeme):
            return
        if lexeme.type == "NAME" and not self._between_operands(index):
            return
        value = self._near(index + 1)
        if value is not None and value.type == "NAME" and value.text in _WORD_VALUES:
            self._compared(lexeme, meant, value)
            return
        report(lexeme, meant, f"`{lexeme.text}` is spelled `{meant}` here")
        lexeme.type, lexeme.text = "OP", meant

    @staticmethod
    def _compared(sign: Lexeme, meant: str, value: Lexeme) -> None:
        """An operator with the value after it, both of another language: one mistake."""
        word = _WORD_VALUES[value.text]
        text = f"`{sign.text} {value.text}` is spelled `{meant} {word}` here"
        report(sign, f"{meant} {word}", text, last=value)
        sign.type, sign.text = "OP", meant
        value.type, value.text = "WORD", word

    def _is_answered(self, index: int, sign: Lexeme) -> bool:
        """`T | null` of TypeScript and Python, and filters outside of a template."""
        behind = self._near(index + 1)
        if self._in_fields(index):
            if behind is not None and (behind.type == "WORD" or behind.text in _NULLS):
                report(sign, "?", "what may be null is marked with `?`", last=behind, tight=True)
                sign.type, sign.text, behind.type = "QUESTION", "?", "SKIP"
            return True
        if behind is None or behind.text not in _FILTERS:
            return False
        self._filter(index, sign, behind)
        return True

    def _filter(self, index: int, sign: Lexeme, name: Lexeme) -> None:
        """`x | default(0)` is `x ?? 0`, `x | upper` is `x.upper()`; read as `x`, or as the default
        where it has brackets around it."""
        is_default = name.text == "default" and self._type(index + 2) == "LPAREN"
        advice = "write `value ?? default`" if is_default else f"write `value.{name.text}()`"
        say(sign, "filters are for templates", None, name, (advice,))
        name.type = "SKIP"
        sign.type, sign.text = ("OP", "??") if is_default else ("SKIP", "")

    def _between_operands(self, index: int) -> bool:
        before, behind = self._type(index - 1), self._type(index + 1)
        shorts = before == "NAME" and self._type(index - 2) in ("LBRACE", "_COMMA")
        ends = before in _ENDS_OPERAND and before != "RBRACE"
        return ends and behind in _BEGINS_OPERAND and not shorts

    def _word(self, index: int, lexeme: Lexeme) -> None:
        if lexeme.text in self._known or self._type(index - 1) not in _BEFORE_OPERAND:
            return
        if self._in_fields(index):  # `NOT NULL` after a type
            return
        if self._type(index + 1) in ("DOT", "LPAREN", "LBRACE"):
            return
        meant = _WORD_VALUES[lexeme.text]
        report(lexeme, meant, f"`{lexeme.text}` is spelled `{meant}` here")
        lexeme.type, lexeme.text = "WORD", meant

    def _is(self, index: int, lexeme: Lexeme) -> None:
        """`is null`, `is not null`."""
        before = self._type(index - 1)
        negated = self._near(index + 1)
        skip = 2 if negated is not None and negated.text in ("not", "NOT") else 1
        value = self._near(index + skip)
        if before not in _ENDS_OPERAND or value is None:
            return
        if value.type != "WORD" and value.text not in _WORD_VALUES:
            return
        meant = "!=" if skip == 2 else "=="
        foreign = value.type != "WORD"
        last = value if foreign else negated if skip == 2 and negated is not None else lexeme
        word = _WORD_VALUES.get(value.text, value.text)
        written = f"{meant} {word}" if foreign else meant
        report(lexeme, written, f"compare with `{meant}`", last=last)
        lexeme.type, lexeme.text = "OP", meant
        if skip == 2 and negated is not None:
            negated.type = "SKIP"
        value.type, value.text = "WORD", word

    def _like(self, index: int, lexeme: Lexeme) -> None:
        """`name LIKE 'a%'`; read as a comparison of texts."""
        if self._type(index - 1) not in _ENDS_OPERAND or self._type(index + 1) != "STRING":
            return
        help_ = "write `.starts_with(...)`, `.ends_with(...)`, `.contains(...)` or `.matches(...)`"
        say(lexeme, f"`{lexeme.text}` is a method here", None, advice=(help_,))
        lexeme.type, lexeme.text = "OP", "=="

    def _between(self, index: int, lexeme: Lexeme) -> None:
        """`x BETWEEN a AND b` over plain operands."""
        of, low, joint, high = (self._near(index + i) for i in (-1, 1, 2, 3))
        if of is None or low is None or joint is None or high is None:
            return
        if of.type != "NAME" or joint.text.lower() != "and":
            return
        written = f">= {low.text} && {of.text} <= {high.text}"
        report(lexeme, written, f"`{lexeme.text}` is two comparisons here", last=high)
        lexeme.type, lexeme.text = "OP", ">="
        joint.type = high.type = "SKIP"

    def _in_fields(self, index: int) -> bool:
        """True inside an entity or type."""
        return self._declares(index) in ("ENTITY", "TYPE")

    def _in_enum(self, index: int) -> bool:
        return self._declares(index) == "ENUM"

    def _declares(self, index: int) -> str:
        """The terminal that the declaration around a lexeme begins with."""
        starts = self._starts
        begin = bisect_right(starts, index) - 1
        first = starts[begin] if begin >= 0 else 0
        first += self._type(first) == "DOC"
        return self._type(first)

    def _default(self, index: int, lexeme: Lexeme, message: str) -> None:
        """`total: Decimal = 0`, `enum Light { red = 1 }`."""
        value = self._near(index + 1)
        plain = value is not None and value.type in _PLAIN
        last = value if plain and value is not None else lexeme
        report(lexeme, "", message, last=last, tight=True)
        lexeme.type = last.type = "SKIP"

    def _question(self, index: int, lexeme: Lexeme) -> None:
        """`note?: String` of TypeScript, and `a ?: b` of Kotlin and PHP."""
        name, behind = self._near(index - 1), self._near(index + 2)
        if name is None or behind is None:
            return
        if self._in_fields(index):
            self._optional_field(index, name, lexeme, behind)
        elif name.type in _ENDS_OPERAND and behind.type in _BEGINS_OPERAND:
            colon = self._lexemes[index + 1]
            report(lexeme, "??", "`?:` is spelled `??` here", last=colon)
            lexeme.type, lexeme.text, colon.type = "OP", "??", "SKIP"

    def _optional_field(self, index: int, name: Lexeme, sign: Lexeme, of: Lexeme) -> None:
        """The sign is read behind the type, where it belongs."""
        end = of.origin.span(of.end, of.end)
        plain = of.type == "NAME"
        fix = Fix((Edit(sign.span(), ""), Edit(end, "?"))) if plain else None
        say(sign, "the `?` belongs after the type", fix, advice=(f"write `{name.text}: Type?`",))
        name.type = "KEY"
        colon = self._lexemes[index + 1]
        behind = Lexeme("QUESTION", of.end, of.end, "?", of.origin)
        self._lexemes[index : index + 3] = (
            [colon, of, behind] if plain else [Lexeme("SKIP", sign.start, sign.end, "", of.origin),
                                               colon, of]
        )  # fmt: skip

    def _is_trigger(self, index: int) -> bool:
        """True behind `on:`."""
        behind = reversed(self._lexemes[max(index - 12, 0) : index])
        key = next((x for x in behind if x.type in ("KEY", "LBRACE")), None)
        return key is not None and key.text == "on"

    def _else(self, index: int, lexeme: Lexeme) -> None:
        if self._type(index - 1) == "NAME" and self._type(index + 1) in ("NAME", "LBRACKET"):
            report(lexeme, "else", "a failure edge is spelled `else`")
            lexeme.type = "ELSE"

    def _arrow(self, index: int, lexeme: Lexeme) -> None:
        """`=>` points in a flow, names the item in `any(x => ...)`, and compares elsewhere; after
        `(x)` it makes a function, which is not repaired."""
        if self._type(index - 1) == "RPAREN" and self._is_parameters(index - 1):
            return
        if self._type(index - 1) == "NAME" and self._type(index - 2) == "LPAREN":
            report(lexeme, ",", "the name of the item is followed by `,`", tight=True)
            lexeme.type, lexeme.text = "_COMMA", ","
            return
        if self._in_flow(index):
            report(lexeme, "->", "an edge is spelled `->`")
            lexeme.type = "_ARROW"
            return
        report(lexeme, ">=", "`=>` is spelled `>=` here")
        lexeme.type, lexeme.text = "OP", ">="

    def _is_parameters(self, index: int) -> bool:
        """True for `(a, b)` that ends at a lexeme."""
        while self._type(index - 1) in ("NAME", "_COMMA"):
            index -= 1
        called = self._type(index - 2) in ("NAME", "RPAREN")
        return self._type(index - 1) == "LPAREN" and not called

    def _inclusive(self, index: int, lexeme: Lexeme) -> None:
        """`500..=599`."""
        del index
        report(lexeme, "..", "a range is spelled `..` here, and its end counts")
        lexeme.type = "_RANGE"

    def _match(self, index: int, lexeme: Lexeme) -> None:
        """`name =~ /pattern/`; read as a comparison of texts."""
        pattern = self._near(index + 1)
        if pattern is None or pattern.type not in ("FOREIGN", "STRING"):
            return
        inner = pattern.text.rstrip("abcdefghijklmnopqrstuvwxyz")[1:-1].replace("\\/", "/")
        plain = pattern.text[-1] in "/\"'" and '"' not in inner and "\\" not in inner
        written = f'.matches("{inner}")'
        advice = (f"write `{written}`",) if plain else ('write `.matches("pattern")`',)
        before = lexeme.origin.span(self._lexemes[index - 1].end, pattern.end)
        fix = Fix((Edit(before, written),)) if plain else None
        say(lexeme, "`=~` is a method here", fix, pattern, advice)
        lexeme.type, lexeme.text = "OP", "=="
        pattern.type = "STRING"
        pattern.value = ast.StringLiteral(
            span=pattern.span(), value=inner, offsets=(pattern.start,) * (len(inner) + 1)
        )

    def _as(self, index: int, lexeme: Lexeme) -> None:
        """`{ id AS order_id }`: read as `order_id: id`."""
        value, key = self._near(index - 1), self._near(index + 1)
        if value is None or key is None or (value.type, key.type) != ("NAME", "NAME"):
            return
        if self._type(index - 2) not in ("LBRACE", "_COMMA", "NAME"):
            return
        written = f"{key.text}: {value.text}"
        report(value, written, f"a value comes after its key: `{written}`", last=key)
        self._lexemes[index - 1] = Lexeme("KEY", key.start, key.end, key.text, key.origin)
        lexeme.type = "_COLON"
        self._lexemes[index + 1] = value

    def _long_arrow(self, index: int, lexeme: Lexeme) -> None:
        del index
        report(lexeme, "->", "an edge is spelled `->`")
        lexeme.type = "_ARROW"

    def _in_flow(self, index: int) -> bool:
        """True when only what a flow holds stands between `flow {` and here."""
        for lexeme in reversed(self._lexemes[max(0, index - _FAR) : index]):
            if lexeme.type == "FLOW":
                return True
            if lexeme.type in ("KEY", "OP", "RBRACE", "STRING", "NUMBER"):
                return False
        return False


def _members(lexemes: list[Lexeme]) -> set[str]:
    """Words that an enum of this file declares."""
    found: set[str] = set()
    inside = False
    for lexeme in lexemes:
        if lexeme.type == "ENUM":
            inside = True
        elif lexeme.type == "RBRACE":
            inside = False
        elif inside and lexeme.type == "NAME":
            found.add(lexeme.text)
    return found


def _sign(index: int, lexeme: Lexeme) -> None:
    del index
    answer_sign(lexeme)
