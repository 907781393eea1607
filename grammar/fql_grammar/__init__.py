"""The grammar of the fql language as data: one token table and one Lark grammar file."""

from __future__ import annotations

from importlib.resources import files


def grammar_text() -> str:
    """The LALR(1) grammar in Lark's notation; its terminals are those of `fql_grammar.tokens`."""
    return files(__name__).joinpath("fql.lark").read_text(encoding="utf-8")


def tables_text() -> str:
    """The parse tables made from `grammar_text`, as JSON, written by `fqlc.syntax.tables`."""
    return files(__name__).joinpath("tables.json").read_text(encoding="utf-8")
