"""FQL101 and FQL102: the messages of the parser, at most one FQL101 for each part."""

from __future__ import annotations

import re
from itertools import takewhile

from fql.near import nearest, question
from fql.plan.language.types import FIELD_TYPES
from fql_grammar.tokens import CLOSERS, OPENERS, TOP_LEVEL
from fqlc.diagnostics.model import Diagnostic, Edit, Fix, Label
from fqlc.diagnostics.similar import similar_fix
from fqlc.source.text import Span
from fqlc.syntax.faults.brackets import Balanced, closer_text
from fqlc.syntax.faults.expected import expected_words, found_words
from fqlc.syntax.faults.reserved import advice
from fqlc.syntax.foreign.repair import answer
from fqlc.syntax.foreign.table import MODIFIERS
from fqlc.syntax.reading.attempt import Failure
from fqlc.syntax.reading.lexemes import Lexeme, Origin
from fqlc.syntax.reading.other_languages import foreign
from fqlc.syntax.reading.rows import begins_line, head_of, indentation, same_line

_SEMICOLON = re.compile(r"[ \t]*;")
"""The end of a statement of another language hangs on what is wrong with the statement."""


class Complaint:
    """The one FQL101 that a declaration or a direct child block may have. What could not be read
    is covered by it: nothing else is reported about that, neither here nor by later passes."""

    def __init__(self, *, spent: bool = False) -> None:
        self._spent = spent

    def unexpected(
        self,
        failure: Failure,
        lexemes: list[Lexeme],
        behind: Lexeme | None,
        *,
        inside: bool = False,
    ) -> None:
        """Say what was expected where reading stopped; `behind` is shown after the lexemes, which
        are a part of a block when `inside`."""
        if failure.at > 0 and lexemes[failure.at - 1].type == "DOC":
            self._say(_documentation(lexemes[failure.at - 1]), lexemes)
            return
        found = lexemes[failure.at] if failure.at < len(lexemes) else behind
        if found is not None and not found.text:
            found = behind
        self._say(
            _answer(failure, lexemes, found, inside=inside)
            or _not_expected(failure, lexemes, found, inside=inside),
            lexemes,
        )

    def nested(self, lexemes: list[Lexeme]) -> None:
        """Entries or a list below a key or a head, by indentation alone."""
        after = next((i for i, x in enumerate(lexemes) if x.type == "_COLON"), 0)
        head = lexemes[0].origin.text[lexemes[0].start : lexemes[after - 1].end]
        inner = lexemes[after + 1]
        if lexemes[0].type != "KEY":
            text, label = f"expected `{{` after `{head}`, found `:`", "the `{` is missing"
            advice = f"write `{head} {{ ... }}`: put what belongs together between braces"
        else:
            text, label = f"expected a value after `{head}:`", "the value is missing"
            advice = f"a list is written in brackets: `{head}: [...]`" if inner.text == "-" else (
                f"put what belongs to a key between braces: `{head}: {{ {inner.text}: ... }}`"
            )  # fmt: skip
        span = lexemes[0].origin.span(lexemes[0].start, lexemes[after].end)
        self._say(Diagnostic("FQL101", text, span, label=label, help=(advice,)), lexemes)

    def stray(self, lexemes: list[Lexeme]) -> None:
        """A closing bracket that closes nothing, and the lexemes that hang on it: those after it,
        and those of the entry before it."""
        first = next(i for i, x in enumerate(lexemes) if x.type in CLOSERS)
        closer = lexemes[first]
        text = f"`{closer.text}` closes nothing"
        last = max(takewhile(lambda x: x.type in CLOSERS, lexemes[first:]), key=lambda x: x.end)
        span = closer.origin.span(closer.start, last.end)
        self._say(Diagnostic("FQL101", text, span, label="no bracket is open here"), lexemes)

    def documentation(self, doc: Lexeme) -> None:
        """Documentation before something that has none."""
        self._say(_documentation(doc), [doc])

    def nothing_after(self, word: Lexeme, lexemes: list[Lexeme], behind: Lexeme | None) -> None:
        """The word of a declaration without its name."""
        after = next((x for x in lexemes if x.start > word.start), behind)
        text = f"expected a name after `{word.text}`, found {found_words(after)}"
        self._say(_error(word, text, "begins a declaration"), lexemes)

    def no_declaration(self, lexemes: list[Lexeme]) -> None:
        """Something at the top level that begins no declaration."""
        first = lexemes[head_of(lexemes)]
        near = nearest(first.text, TOP_LEVEL)
        words = ", ".join(f"`{w}`" for w in TOP_LEVEL)
        self._say(
            _error(
                first,
                f"expected a declaration, found {found_words(first)}",
                "begins no declaration",
                question(near) if near else f"declarations begin with one of {words}",
            ),
            lexemes,
        )

    def unknown_kind(self, lexemes: list[Lexeme]) -> None:
        """A block of a kind that there is not, with a head that cannot be read either."""
        self._say(unknown_kind(lexemes[0].text, lexemes[0].span()), lexemes)

    def _say(self, found: Diagnostic, lexemes: list[Lexeme]) -> None:
        """Say it, or what is the cause of it: a stretch that is not a token at all."""
        origin, start = lexemes[0].origin, lexemes[0].start
        end = max(x.end for x in lexemes)
        semicolon = _SEMICOLON.match(origin.text, end)
        end = semicolon.end() if semicolon is not None else end
        unreadable = origin.first_unreadable(start, end)
        said = unreadable or (None if self._spent else found)
        self._spent = self._spent or unreadable is None
        origin.sink.cause(said, origin.span(start, end))


def unknown_kind(word: str, span: Span) -> Diagnostic:
    """FQL204 for a word that begins no block at the top level."""
    near = nearest(word, TOP_LEVEL)
    kinds = ", ".join(f"`{kind}`" for kind in TOP_LEVEL)
    return Diagnostic(
        "FQL204",
        f"unknown kind of block `{word}`",
        span,
        label="unknown kind of block",
        help=(question(near) if near else f"blocks here are {kinds}",),
        fix=similar_fix(word, near, span),
    )


def _error(at: Lexeme, message: str, label: str, *advice: str) -> Diagnostic:
    return Diagnostic("FQL101", message, at.span(), label=label, help=advice)


def _documentation(doc: Lexeme) -> Diagnostic:
    return _error(
        doc,
        "documentation belongs before declarations, fields, enum members, and actions",
        "documents nothing",
        "write a comment that begins with `#`",
    )


def _not_expected(
    failure: Failure, lexemes: list[Lexeme], found: Lexeme | None, *, inside: bool
) -> Diagnostic:
    """What was expected where reading stopped, in words."""
    wanted = expected_words(failure.expected)
    if wanted == "nothing more" and inside:
        wanted = "an operator or the next entry"
    if failure.at >= len(lexemes) and (last := _last_written(lexemes)) is not None:
        text = f"expected {wanted} after `{_short(last)}`, found {found_words(found)}"
        return _error(last, text, f"expected {wanted} after this", *advice(lexemes, failure.at))
    return Diagnostic(
        "FQL101",
        f"expected {wanted}, found {found_words(found)}",
        _place(found, lexemes, lexemes[0].origin),
        label=f"expected {wanted} here" if wanted != "nothing more" else "not expected",
        help=advice(lexemes, failure.at),
    )


def _last_written(lexemes: list[Lexeme]) -> Lexeme | None:
    """The last lexeme of a part that ends too early: the mistake is there, not in what follows."""
    return next((x for x in reversed(lexemes) if x.text), None)


def _short(lexeme: Lexeme) -> str:
    text = lexeme.origin.text[lexeme.start : lexeme.end]
    return (
        text if len(text) <= _SHORT and "\n" not in text else f"{text[:_SHORT]}...".split("\n")[0]
    )


_SHORT = 20


def unclosed(balanced: Balanced, next_word: str) -> None:
    """FQL102 at the innermost opener, with what shows that it is not closed."""
    opener, found = balanced.unclosed[0]
    closer = closer_text(opener)
    labels: tuple[Label, ...] = ()
    wrong = found is not None and found.type in CLOSERS and found.text != closer
    if wrong and found is not None:
        labels = (Label(found.span(), f"`{found.text}` is here instead of `{closer}`"),)
        place, closer_text_ = found.start, closer
    else:
        place = _end_before(found, balanced.lexemes)
        closer_text_ = f"\n{indentation(opener)}{closer}"
    where = Span(opener.origin.path, place, place)
    if wrong and found is not None and _is_exchanged(balanced):
        where = found.span()
    if found is None:
        labels = (Label(where, f"`{closer}` is missing before {next_word}"),)
    elif not wrong:
        labels = (Label(found.span(), f"`{closer}` is missing before this line"),)
    opener.origin.sink.error(
        "FQL102",
        f"this `{opener.text}` is not closed",
        opener.span(),
        label="opened here",
        labels=labels,
        fix=Fix((Edit(where, closer_text_),), safe=False),
    )


def _is_exchanged(balanced: Balanced) -> bool:
    """True where as many brackets are closed as opened: one closer stands for another."""
    written = [x for x in balanced.lexemes if x.text]
    closers = sum(x.type in CLOSERS for x in written) + len(balanced.stray)
    return closers == sum(x.type in OPENERS for x in written)


def _end_before(found: Lexeme | None, lexemes: list[Lexeme]) -> int:
    """Where the last lexeme before one of them ends; without one, the last of all."""
    return max(x.end for x in lexemes if x.text and (found is None or x.start < found.start))


def _answer(
    failure: Failure, lexemes: list[Lexeme], found: Lexeme | None, *, inside: bool
) -> Diagnostic | None:
    """What is wrong where more is known than what was expected."""
    at, expected = failure.at, failure.expected
    if (word := _without_colon(failure, lexemes, inside=inside)) is not None:
        return _missing_colon(word, lexemes)
    if found is not None and found.type == "NAME" and "AT" in expected:
        return _missing_type(found, lexemes[at + 1 : at + 2])
    if (missing := _missing_at_line_end(failure, lexemes, found)) is not None:
        return _report_missing(missing, lexemes[max(at - 2, 0) : at], found)
    return answer(lexemes, at, expected) if at < len(lexemes) else None


def _place(found: Lexeme | None, lexemes: list[Lexeme], origin: Origin) -> Span:
    if found is not None:
        return found.span()
    end = next((x.end for x in reversed(lexemes) if x.text), lexemes[0].end)
    return origin.span(max(end - 1, 0), end)


def _without_colon(failure: Failure, lexemes: list[Lexeme], *, inside: bool) -> Lexeme | None:
    """The key of `key value` without a colon between. In a block it reads like the head of a
    child block, in an object like a short entry, in a type like nothing."""
    at, expected = failure.at, failure.expected
    if inside and not expected and begins_line(lexemes, at):
        return lexemes[at] if _is_word(lexemes, at) and _is_followed(lexemes, at) else None
    if expected & {"KEY", "AT"} and _is_word(lexemes, at) and _is_followed(lexemes, at):
        return lexemes[at] if "NAME" not in expected else None
    if "QKEY" in expected and at < len(lexemes) and lexemes[at].type in ("NUMBER", "STRING"):
        return lexemes[at - 1] if _is_word(lexemes, at - 1) else None
    if "LBRACE" not in expected or "NUMBER" in expected:
        return None
    if not inside and all(x.type != "LBRACE" for x in lexemes[: max(at - 2, 0)]):
        return None
    likely = (i for i in (at - 2, at - 1) if _is_word(lexemes, i) and _is_followed(lexemes, i))
    return next((lexemes[i] for i in likely), None)


def _is_word(lexemes: list[Lexeme], index: int) -> bool:
    return 0 <= index < len(lexemes) and lexemes[index].type == "NAME"


def _is_followed(lexemes: list[Lexeme], index: int) -> bool:
    """True when something that can be a value follows on the same line."""
    if index + 1 >= len(lexemes) or not same_line(lexemes[index], lexemes[index + 1]):
        return False
    return lexemes[index + 1].type in ("NAME", "STRING", "NUMBER", "WORD", "LBRACKET")


def _missing_at_line_end(
    failure: Failure, lexemes: list[Lexeme], found: Lexeme | None
) -> str | None:
    """What is missing where a line or a part ends with a sign that wants something after it."""
    last = lexemes[failure.at - 1] if failure.at > 0 else None
    inside = failure.at < len(lexemes)
    if last is None or (inside and found is not None and same_line(last, found)):
        return None
    if last.type in _WANT_VALUE and failure.expected >= {"NUMBER", "STRING", "WORD"}:
        return "value"
    if last.type == "DOT" and failure.expected == {"NAME"}:
        return "name"
    wants_name = failure.expected >= {"NAME", "LBRACKET"}
    return {"_COLON": "type", "_ARROW": "name"}.get(last.type) if wants_name else None


_WANT_VALUE = frozenset({"_COLON", "EQUALS", "OP", "MINUS", "BANG"})


def _report_missing(missing: str, last: list[Lexeme], found: Lexeme | None) -> Diagnostic:
    """The mistake is on the line of the sign, not on the next. A key is shown with its colon."""
    sign = last[-1]
    first = last[0] if sign.type == "_COLON" and last[0].type == "KEY" else sign
    span = sign.origin.span(first.start, sign.end)
    labels = () if found is None else (Label(found.span(), f"not a {missing}"),)
    return Diagnostic(
        "FQL101",
        f"expected a {missing} after `{sign.origin.text[span.start : span.end]}`, "
        f"found {found_words(found)}",
        span,
        label=f"the {missing} is missing",
        labels=labels,
        help=advice([sign], 0),
    )


def _missing_type(word: Lexeme, after: list[Lexeme]) -> Diagnostic:
    if after and after[0].type == "KEY" and same_line(word, after[0]):
        blank = word.origin.span(word.start, after[0].start)
        text = f"a field has no `{word.text}` before its name"
        fix = Fix((Edit(blank, ""),), safe=word.text in MODIFIERS)
        return foreign(word.span(), text, fix)
    return Diagnostic(
        "FQL101",
        f"expected `: Type` after `{word.text}`",
        word.span(),
        label="a field without a type",
        help=(f"write `{word.text}: String`, or another type",),
    )


def _missing_colon(word: Lexeme, lexemes: list[Lexeme]) -> Diagnostic:
    after = next((x for x in lexemes if x.start > word.start), word)
    if word.text in FIELD_TYPES and after.type == "NAME":
        written = f"{after.text}: {word.text}"
        span = word.origin.span(word.start, after.end)
        return foreign(span, "the name comes before its type", Fix((Edit(span, written),)))
    end = word.origin.span(word.end, word.end)
    return Diagnostic(
        "FQL101",
        f"expected `:` after `{word.text}`",
        word.span(),
        label="a key is followed by `:`",
        fix=Fix((Edit(end, ":"),), safe=False),
    )
