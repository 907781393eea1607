"""What was meant where it is known: one brace too few or too many, a bracket of another kind, the
type of another language. The rest is read as if it had been right, so that one slip is one
message."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice, pairwise

from fql_grammar.tokens import CLOSERS, OPENERS
from fqlc.diagnostics.model import Diagnostic, Edit, Fix, Label
from fqlc.syntax.faults.brackets import fits_indentation
from fqlc.syntax.faults.expected import found_words
from fqlc.syntax.foreign.spelling import Mended
from fqlc.syntax.foreign.types import mended_field
from fqlc.syntax.reading.attempt import Failure, attempt
from fqlc.syntax.reading.lexemes import Lexeme
from fqlc.syntax.reading.rows import begins_line, depth_of, partner, same_line

_MOST_TRIES = 5
Mend = Callable[[list[Lexeme], Failure], Mended | None]
"""From a row and where reading stops in it to the row as it is meant; None where it is not known
what was meant."""


def foreign_field(row: list[Lexeme], _failure: Failure) -> Mended | None:
    """A field with the type or the constraints of another language, where it is one of ours
    then."""
    mended = mended_field(row)
    sound = mended is not None and not isinstance(attempt("field", mended.lexemes), Failure)
    return mended if sound else None


def with_opener(lexemes: list[Lexeme], failure: Failure) -> Mended | None:
    """The `{` that is missing before the key where reading stopped."""
    at = failure.at
    if not 0 < at < len(lexemes) or "LBRACE" not in failure.expected or _may_end(failure):
        return None
    if lexemes[at].type not in ("KEY", "QKEY") or depth_of(lexemes) != -1:
        return None
    head = _open_head(lexemes, at)
    if not head:
        return None
    last = head[-1]
    opener = Lexeme("LBRACE", last.end, last.end, "", last.origin)
    return Mended(_missing_opener(head, lexemes[at]), [*lexemes[:at], opener, *lexemes[at:]])


def with_flow(lexemes: list[Lexeme], failure: Failure) -> Mended | None:
    """The `{` that is missing after `flow`, which reads like the head of a block then."""
    before = range(max(failure.at - 2, 0), min(failure.at, len(lexemes) - 1))
    at = next((i for i in before if lexemes[i].text == "flow" and begins_line(lexemes, i)), None)
    if at is None or lexemes[at].type != "NAME" or depth_of(lexemes) != -1:
        return None
    flow, first = lexemes[at : at + 2]
    flow.type = "FLOW"
    opener = Lexeme("LBRACE", flow.end, flow.end, "", flow.origin)
    return Mended(_missing_opener([flow], first), [*lexemes[: at + 1], opener, *lexemes[at + 1 :]])


def _may_end(failure: Failure) -> bool:
    """True where the declaration was whole already when reading stopped."""
    return "$END" in failure.expected


def _open_head(lexemes: list[Lexeme], at: int) -> list[Lexeme]:
    """What a `{` is missing after: the head of a block at the end of a line, or a key whose
    value begins on the same line with a key."""
    before = lexemes[at - 1]
    if before.type == "_COLON":
        return lexemes[max(at - 2, 0) : at] if same_line(before, lexemes[at]) else []
    if before.type not in ("NAME", "STRING") or same_line(before, lexemes[at]):
        return []
    has_kind = at > 1 and lexemes[at - 2].type == "NAME" and same_line(lexemes[at - 2], before)
    return lexemes[at - 2 : at] if has_kind else [before]


def with_brace(lexemes: list[Lexeme], failure: Failure) -> Mended | None:
    """The brace that is meant by a bracket of another kind after the head of the declaration."""
    opener = lexemes[failure.at] if failure.at < len(lexemes) else None
    if opener is None or opener.type not in OPENERS or "LBRACE" not in failure.expected:
        return None
    if opener.type in failure.expected or any(x.type == "LBRACE" for x in lexemes[: failure.at]):
        return None
    edits = [Edit(opener.span(), "{")]
    opener.type = "LBRACE"
    closer = partner(lexemes, failure.at)
    if closer is not None and lexemes[closer].type != "RBRACE":
        edits.append(Edit(lexemes[closer].span(), "}"))
        lexemes[closer].type = "RBRACE"
    found = Diagnostic(
        "FQL101",
        f"expected `{{`, found `{opener.text}`",
        opener.span(),
        label="expected `{` here",
        fix=Fix(tuple(edits), safe=False),
    )
    return Mended(found, lexemes)


def _missing_opener(head: list[Lexeme], found: Lexeme) -> Diagnostic:
    origin, end = head[0].origin, head[-1].end
    written = origin.text[head[0].start : end]
    return Diagnostic(
        "FQL101",
        f"expected `{{` after `{written}`, found {found_words(found)}",
        origin.span(head[0].start, end),
        label="the `{` is missing",
        labels=(Label(found.span(), "a block or object would begin here"),),
        fix=Fix((Edit(origin.span(end, end), " {"),), safe=False),
    )


def without_closer(lexemes: list[Lexeme], failure: Failure) -> Mended | None:
    """Without the brace that ends the declaration where more of it follows."""
    end = failure.at
    if not _may_end(failure) or not 0 < end < len(lexemes) or depth_of(lexemes[end:]) != -1:
        return None
    tries = list(islice(_too_full_lines(lexemes[:end]), _MOST_TRIES))
    if lexemes[end].type not in CLOSERS and begins_line(lexemes, end):
        tries.append(end - 1)
    for index in tries:
        rest = [*lexemes[:index], *lexemes[index + 1 :]]
        if not isinstance(attempt("declaration", rest), Failure) and fits_indentation(rest):
            return Mended(_closes_too_much(lexemes[index], lexemes[-1]), rest)
    return None


def _too_full_lines(lexemes: list[Lexeme]) -> Iterator[int]:
    """The last closer of each line that closes more than it opens and begins with no closer."""
    starts = [0, *(i for i in range(len(lexemes)) if begins_line(lexemes, i)), len(lexemes)]
    for first, last in pairwise(starts):
        line = lexemes[first:last]
        closers = [i for i, x in enumerate(line, first) if x.type in CLOSERS]
        if closers and closers[0] != first and depth_of(line) < 0:
            yield closers[-1]


def _closes_too_much(closer: Lexeme, last: Lexeme) -> Diagnostic:
    return Diagnostic(
        "FQL101",
        f"one `{closer.text}` too many: the declaration continues after it",
        closer.span(),
        label="closes too much",
        labels=(Label(last.span(), "nothing would be left to close here"),),
        fix=Fix((Edit(closer.span(), ""),), safe=False),
    )
