"""A pattern as comparisons that SQLite has: `=`, `instr`, `GLOB` and `substr`.

SQLite ships without regular expressions. What can be said: choices of texts and sets of a fixed
length, anchored or not, and between both ends of the text one repeated set, as in `^ORD-\\d+$`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from fql.sql.patterns import Chars, Choice, Edge, Pattern, PatternRefusedError, Repeat
from fql.sql.patterns import Sequence as InTurn
from fql.sql.text import quoted_text

_MOST_WORDS = 32
_MOST_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class _Run:
    """Any number of code points of a set, none included."""

    of: Chars


_Item = Chars | Edge | _Run
_Word = tuple[_Item, ...]
_START, _END = Edge("start"), Edge("end")


def sqlite_match(text: str, pattern: Pattern) -> str:
    """A condition on the SQL `text`. Raises PatternRefusedError for what SQLite cannot say."""
    return "(" + " OR ".join(dict.fromkeys(_condition(text, w) for w in _words(pattern))) + ")"


# A pattern as a choice of words ------------------------------------------------


def _words(pattern: Pattern) -> list[_Word]:
    match pattern:
        case Chars() | Edge():
            return [(pattern,)]
        case Choice(options=options):
            return _checked([word for option in options for word in _words(option)])
        case InTurn(parts=parts):
            return _joined([_words(part) for part in parts])
        case Repeat():
            return _repeated(pattern)


def _joined(parts: list[list[_Word]]) -> list[_Word]:
    found: list[_Word] = [()]
    for part in parts:
        found = _checked([(*left, *right) for left, right in product(found, part)])
    return found


def _checked(words: list[_Word]) -> list[_Word]:
    if len(words) > _MOST_WORDS or any(len(word) > _MOST_CHARACTERS for word in words):
        raise PatternRefusedError("a pattern of this size")
    return words


def _repeated(pattern: Repeat) -> list[_Word]:
    if max(pattern.least, pattern.most or 0) > _MOST_CHARACTERS:
        raise PatternRefusedError("a pattern of this size")
    once = _words(pattern.of)
    if pattern.most is not None:
        counts = range(pattern.least, pattern.most + 1)
        return _checked([word for n in counts for word in _joined([once] * n)])
    if not isinstance(pattern.of, Chars):
        raise PatternRefusedError("a repeated group in a pattern")
    return [(*[pattern.of] * pattern.least, _Run(pattern.of))]


# A word as a condition ----------------------------------------------------------


def _condition(text: str, word: _Word) -> str:
    start, word, end = _ends(word)
    runs = [(place, item) for place, item in enumerate(word) if isinstance(item, _Run)]
    chars = tuple(item for item in word if isinstance(item, Chars))
    if not runs:
        return _fixed(text, chars, start, end)
    if len(runs) > 1 or not (start and end):
        raise PatternRefusedError("such a repetition in a pattern")
    ((place, run),) = runs
    return _with_run(text, chars[:place], run.of, chars[place:])


def _ends(word: _Word) -> tuple[bool, _Word, bool]:
    """Whether it is bound to the start, what is between, whether it is bound to the end. At an
    open end a run may as well be empty."""
    start, end = word[:1] == (_START,), word[-1:] == (_END,)
    while word[:1] == (_START,) or (word and not start and isinstance(word[0], _Run)):
        word = word[1:]
    while word[-1:] == (_END,) or (word and not end and isinstance(word[-1], _Run)):
        word = word[:-1]
    if any(isinstance(item, Edge) for item in word):
        raise PatternRefusedError("`^` or `$` inside a pattern")
    return start, word, end


def _fixed(text: str, chars: tuple[Chars, ...], start: bool, end: bool) -> str:
    plain = [char.literal for char in chars]
    if start and end and None not in plain:
        return f"{text} = {quoted_text(''.join(map(str, plain)))}"
    if not start and not end and None not in plain:
        return f"instr({text}, {quoted_text(''.join(map(str, plain)))}) > 0"
    glob = ("" if start else "*") + _glob(chars) + ("" if end else "*")
    return f"{text} GLOB {quoted_text(glob)}"


def _with_run(text: str, left: tuple[Chars, ...], run: Chars, right: tuple[Chars, ...]) -> str:
    around = f"{text} GLOB {quoted_text(f'{_glob(left)}*{_glob(right)}')}"
    others = Chars(run.ranges, not run.negated)
    length = len(left) + len(right)
    middle = f"substr({text}, {len(left) + 1}, length({text}) - {length})"
    return f"({around} AND {middle} NOT GLOB {quoted_text(f'*{_glob((others,))}*')})"


def _glob(chars: tuple[Chars, ...]) -> str:
    return "".join(map(_glob_char, chars))


def _glob_char(chars: Chars) -> str:
    literal = chars.literal
    if literal is not None:
        return f"[{literal}]" if literal in "*?[" else literal
    if any("\x00" in pair for pair in chars.ranges):
        raise PatternRefusedError("the character NUL in a pattern")
    return f"[{'^' if chars.negated else ''}{_members(chars)}]"


def _members(chars: Chars) -> str:
    """What is in the brackets of a GLOB: `]` first, `-` next, `^` last, to be themselves."""
    singles: set[str] = set()
    ranges: list[str] = []
    for low, high in chars.ranges:
        while low in "]^-" and low < high:
            singles.add(low)
            low = chr(ord(low) + 1)  # noqa: PLW2901 - the range without its first
        while high in "]^-" and low < high:
            singles.add(high)
            high = chr(ord(high) - 1)  # noqa: PLW2901 - the range without its last
        if low == high:
            singles.add(low)
        else:
            ranges.append(f"{low}-{high}")
    plain = "".join(sorted(singles - set("]^-")))
    first = "".join(char for char in "]-" if char in singles)
    return first + "".join(ranges) + plain + ("^" if "^" in singles else "")
