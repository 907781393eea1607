"""One brace too few or too many, where what follows tells which: the rest is read as if it were
right, so that one slip is one message."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise

from fql_grammar.tokens import CLOSERS, OPENERS
from fqlc.diagnostics.model import Edit, Fix, Label
from fqlc.syntax.faults.brackets import fits_indentation
from fqlc.syntax.faults.expected import found_words
from fqlc.syntax.reading.attempt import Failure, attempt
from fqlc.syntax.reading.lexemes import Lexeme

_MOST_TRIES = 5


def with_opener(lexemes: list[Lexeme], failure: Failure) -> list[Lexeme] | None:
    """The lexemes with the `{` that is missing before the key where reading stopped, which is
    reported; None where no `{` is missing there."""
    at = failure.at
    if not 0 < at < len(lexemes) or "LBRACE" not in failure.expected:
        return None
    if lexemes[at].type not in ("KEY", "QKEY") or _depth(lexemes) != -1:
        return None
    head = _open_head(lexemes, at)
    if not head:
        return None
    _report_opener(head, lexemes[at])
    last = head[-1]
    opener = Lexeme("LBRACE", last.end, last.end, "", last.origin)
    return [*lexemes[:at], opener, *lexemes[at:]]


def _open_head(lexemes: list[Lexeme], at: int) -> list[Lexeme]:
    """What a `{` is missing after: the head of a block at the end of a line, or a key whose
    value begins on the same line with a key."""
    before = lexemes[at - 1]
    if before.type == "_COLON":
        return lexemes[max(at - 2, 0) : at] if _same_line(before, lexemes[at]) else []
    if before.type not in ("NAME", "STRING") or _same_line(before, lexemes[at]):
        return []
    has_kind = at > 1 and lexemes[at - 2].type == "NAME" and _same_line(lexemes[at - 2], before)
    return lexemes[at - 2 : at] if has_kind else [before]


def with_brace(lexemes: list[Lexeme], failure: Failure) -> list[Lexeme] | None:
    """The lexemes with the brace that is meant by a bracket of another kind after the head of the
    declaration, which is reported; None where there is no such bracket."""
    opener = lexemes[failure.at] if failure.at < len(lexemes) else None
    if opener is None or opener.type not in OPENERS or "LBRACE" not in failure.expected:
        return None
    if opener.type in failure.expected or any(x.type == "LBRACE" for x in lexemes[: failure.at]):
        return None
    partner = _partner(lexemes, failure.at)
    edits = [Edit(opener.span(), "{")]
    opener.type = "LBRACE"
    if partner is not None and partner.type != "RBRACE":
        edits.append(Edit(partner.span(), "}"))
        partner.type = "RBRACE"
    opener.origin.sink.error(
        "FQL101",
        f"expected `{{`, found `{opener.text}`",
        opener.span(),
        label="expected `{` here",
        fix=Fix(tuple(edits), safe=False),
    )
    return lexemes


def _partner(lexemes: list[Lexeme], at: int) -> Lexeme | None:
    """The lexeme that closes a bracket, of whatever kind."""
    depth = 0
    for lexeme in lexemes[at:]:
        depth += (lexeme.type in OPENERS) - (lexeme.type in CLOSERS)
        if depth == 0:
            return lexeme
    return None


def _depth(lexemes: list[Lexeme]) -> int:
    """How many more brackets are opened than closed."""
    return sum((x.type in OPENERS) - (x.type in CLOSERS) for x in lexemes)


def _report_opener(head: list[Lexeme], found: Lexeme) -> None:
    origin, end = head[0].origin, head[-1].end
    written = origin.text[head[0].start : end]
    origin.sink.error(
        "FQL101",
        f"expected `{{` after `{written}`, found {found_words(found)}",
        origin.span(head[0].start, end),
        label="the `{` is missing",
        labels=(Label(found.span(), "a block or object would begin here"),),
        fix=Fix((Edit(origin.span(end, end), " {"),), safe=False),
    )


def without_closer(lexemes: list[Lexeme], failure: Failure) -> list[Lexeme] | None:
    """The lexemes without the brace that ends the declaration where more of it follows; the
    brace is reported. None where no brace is one too many."""
    end = failure.at
    if not 0 < end < len(lexemes) or _depth(lexemes[end:]) != -1:
        return None
    tries = list(islice(_too_full_lines(lexemes[:end]), _MOST_TRIES))
    if lexemes[end].type not in CLOSERS and not _same_line(lexemes[end - 1], lexemes[end]):
        tries.append(end - 1)
    for index in tries:
        rest = [*lexemes[:index], *lexemes[index + 1 :]]
        if not isinstance(attempt("declaration", rest), Failure) and fits_indentation(rest):
            _report_closer(lexemes[index], lexemes)
            return rest
    return None


def _too_full_lines(lexemes: list[Lexeme]) -> Iterator[int]:
    """The last closer of each line that closes more than it opens and begins with no closer."""
    for first, last in pairwise(_line_starts(lexemes)):
        line = lexemes[first:last]
        closers = [i for i, x in enumerate(line, first) if x.type in CLOSERS]
        if closers and closers[0] != first and len(closers) > sum(x.type in OPENERS for x in line):
            yield closers[-1]


def _line_starts(lexemes: list[Lexeme]) -> list[int]:
    """The index of the first lexeme of each line, and the end."""
    pairs = enumerate(pairwise(lexemes), 1)
    return [0, *(i for i, (a, b) in pairs if not _same_line(a, b)), len(lexemes)]


def _report_closer(closer: Lexeme, lexemes: list[Lexeme]) -> None:
    last = lexemes[-1]
    closer.origin.sink.error(
        "FQL101",
        f"one `{closer.text}` too many: the declaration continues after it",
        closer.span(),
        label="closes too much",
        labels=(Label(last.span(), "nothing would be left to close here"),),
        fix=Fix((Edit(closer.span(), ""),), safe=False),
    )


def _same_line(a: Lexeme, b: Lexeme) -> bool:
    return "\n" not in a.origin.text[a.end : b.start]
