"""Lark: the parse tables, made from the grammar or read from the file that ships with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from operator import itemgetter
from typing import Any

from lark import Lark
from lark.lexer import Lexer

from fql.exact.light import light_text, read_lightly
from fql_grammar import grammar_text, tables_text
from fqlc.syntax.reading.build import Builder

STARTS = ["declaration", "entry", "field", "block", "flow"]
FORMAT = 1
_SHIFT = 0
"""How Lark marks an action that goes on to another state; any other one reduces by a rule."""


class LexemeFeed(Lexer):
    """Lark's lexer: hands on the lexemes that `fqlc.syntax.parsing.lexer` made."""

    def __init__(self, lexer_conf: object) -> None:
        """Lark's configuration has nothing that matters here."""

    def lex(self, lexer_state: Any, parser_state: Any = None) -> Iterator[Any]:  # noqa: ARG002
        """The lexemes, one by one; Lark hands them over as the text to lex."""
        yield from lexer_state


def build_parser(*, strict: bool = False) -> Lark:
    """The parser built from the grammar; `strict` refuses conflicts."""
    return Lark(grammar_text(), transformer=Builder(), strict=strict, **_options())


@cache
def parser() -> Lark:
    """The parser from the shipped tables; from the grammar when they are not its tables."""
    shipped: Any = read_lightly(tables_text())
    if shipped["key"] != tables_key():
        return build_parser()
    data = _with_number_keys(shipped["data"])
    data["options"]["lexer"] = LexemeFeed
    data["parser"]["lexer_conf"]["lexer_type"] = LexemeFeed
    memo = {int(k): v for k, v in shipped["memo"].items()}
    load: Any = Lark._load_from_dict  # what Lark's own stand-alone parsers use
    loaded: Lark = load(data, memo, transformer=Builder())
    return loaded


def dump_tables() -> str:
    """The text of the tables file. Written by `python -m fqlc.syntax.reading.tables`."""
    data, memo = build_parser().memo_serialize(_memoized_types())
    data["options"] = {**data["options"], "lexer": None, "transformer": None}
    data["parser"]["lexer_conf"]["lexer_type"] = None
    data["parser"]["parser"] = _numbered(data["parser"]["parser"])
    document = {"key": tables_key(), "memo": memo, "data": data}
    return light_text(_with_text_keys(document)) + "\n"


def tables_key() -> str:
    """What the tables depend on: the grammar and the form of this file, and Lark's release line."""
    import lark

    release = ".".join(lark.__version__.split(".")[:2])
    return hashlib.sha256(f"{FORMAT} {release}\n{grammar_text()}".encode()).hexdigest()


def _numbered(table: dict[str, Any]) -> dict[str, Any]:
    """The same table with terminals numbered by name and states by their distance from the
    start: Lark numbers them differently in each process."""
    names = sorted(table["tokens"].values())
    order: list[int] = [state for _, state in sorted(table["start_states"].items())]
    seen = set(order)
    rows: list[dict[str, Any]] = []
    for state in order:  # grows on the way
        row = {table["tokens"][t]: action for t, action in table["states"][state].items()}
        rows.append(row)
        for name in sorted(row):
            kind, target = row[name]
            if kind == _SHIFT and target not in seen:
                seen.add(target)
                order.append(target)
    number = {state: i for i, state in enumerate(order)}
    return {
        **table,
        "tokens": dict(enumerate(names)),
        "start_states": {k: number[v] for k, v in table["start_states"].items()},
        "end_states": {k: number[v] for k, v in table["end_states"].items()},
        "states": {i: _renumbered(row, names, number) for i, row in enumerate(rows)},
    }


def _renumbered(
    row: dict[str, Any], names: list[str], number: dict[int, int]
) -> dict[int, tuple[int, Any]]:
    return {
        i: (row[name][0], number[row[name][1]] if row[name][0] == _SHIFT else row[name][1])
        for i, name in enumerate(names)
        if name in row
    }


def _with_text_keys(value: object) -> object:
    """What JSON can hold, in order: Lark's tables have numbers as keys, and sets."""
    if isinstance(value, dict):
        pairs = sorted(((str(key), item) for key, item in value.items()), key=itemgetter(0))
        return {key: _with_text_keys(item) for key, item in pairs}
    if isinstance(value, list | tuple | set | frozenset):
        return [_with_text_keys(item) for item in value]
    return value


def _options() -> dict[str, Any]:
    return {
        "parser": "lalr",
        "lexer": LexemeFeed,
        "start": STARTS,
        "maybe_placeholders": False,
    }


def _memoized_types() -> list[type]:
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    return [TerminalDef, Rule]


def _with_number_keys(data: dict[str, Any]) -> dict[str, Any]:
    """JSON has text keys only; states and terminals of the table are numbered."""
    table = data["parser"]["parser"]
    table["states"] = {
        int(state): {int(token): tuple(action) for token, action in actions.items()}
        for state, actions in table["states"].items()
    }
    table["tokens"] = {int(k): v for k, v in table["tokens"].items()}
    return data


if __name__ == "__main__":
    import sys

    sys.stdout.write(dump_tables())
