"""The grammar of the fql language as data: one token table and one Lark grammar file."""

from __future__ import annotations

import pkgutil


def grammar_text() -> str:
    """The LALR(1) grammar in Lark's notation; its terminals are those of `fql_grammar.tokens`."""
    return _shipped_text("fql.lark")


def tables_text() -> str:
    """The parse tables made from `grammar_text`, as JSON; `fqlc.syntax.reading.tables` writes
    them."""
    return _shipped_text("tables.json")


def textmate_text() -> str:
    """The grammar for editors, as JSON, made from the token table by `fql_grammar.textmate`."""
    return _shipped_text("fql.tmLanguage.json")


def _shipped_text(name: str) -> str:
    """A file beside this one, wherever the package lies; importlib.resources would import more."""
    data = pkgutil.get_data(__name__, name)
    if data is None:
        raise FileNotFoundError(f"the installation of fqlc lacks its file {name}")
    return data.decode()
