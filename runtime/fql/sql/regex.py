"""A pattern as an advanced regular expression of PostgreSQL.

Written again from the pattern's data, with sets spelled out, so that neither the locale of the
database nor a difference in syntax can change what it matches.
"""

from __future__ import annotations

from fql.sql.patterns import Chars, Choice, Edge, Pattern, PatternRefusedError, Repeat
from fql.sql.patterns import Sequence as InTurn

_MOST_REPEATS = 255  # DUPMAX of the regular expressions of PostgreSQL
_MOST_STATES = 2_000  # far below where it says "regular expression is too complex"


def postgresql_regex(pattern: Pattern) -> str:
    """The text of the expression, to be searched for with `~`. Raises PatternRefusedError."""
    if _size(pattern) > _MOST_STATES:
        raise PatternRefusedError("a pattern of this size")
    return _regex_of(pattern)


def _regex_of(pattern: Pattern) -> str:
    match pattern:
        case Chars():
            return _chars(pattern)
        case Edge(at=at):
            return r"\A" if at == "start" else r"\Z"
        case InTurn(parts=parts):
            return "".join(_grouped(p) if isinstance(p, Choice) else _regex_of(p) for p in parts)
        case Choice(options=options):
            return "|".join(map(_regex_of, options))
        case Repeat(of=of):
            return _repeat(pattern, _regex_of(of) if isinstance(of, Chars) else _grouped(of))


def _grouped(pattern: Pattern) -> str:
    return f"(?:{_regex_of(pattern)})"


def _repeat(pattern: Repeat, of: str) -> str:
    short = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((pattern.least, pattern.most))
    if short is not None:
        return of + short
    if max(pattern.least, pattern.most or 0) > _MOST_REPEATS:
        raise PatternRefusedError(f"more than {_MOST_REPEATS} repetitions in a pattern")
    most = "" if pattern.most is None else pattern.most
    return f"{of}{{{pattern.least},{most}}}"


def _chars(chars: Chars) -> str:
    if chars.literal is not None:
        return _escaped(chars.literal)
    ranges = (
        _escaped(low) if low == high else f"{_escaped(low)}-{_escaped(high)}"
        for low, high in chars.ranges
    )
    return f"[{'^' if chars.negated else ''}{''.join(ranges)}]"


def _escaped(char: str) -> str:
    if char == "\x00":
        raise PatternRefusedError("the character NUL in a pattern")
    plain = char.isalnum() or not char.isascii() or char.isspace() or not char.isprintable()
    return char if plain else f"\\{char}"


def _size(pattern: Pattern) -> int:
    match pattern:
        case InTurn(parts=parts) | Choice(options=parts):
            return 1 + sum(map(_size, parts))
        case Repeat(of=of):
            return max(pattern.least, pattern.most or 1, 1) * _size(of)
        case _:
            return 1
