"""Names of entities and fields, made of names of tables and columns. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from fql.plan.language.types import FIELD_TYPES
from fql_grammar.tokens import RESERVED
from fqlc.names.fields import BUILTIN_NAMES

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_BREAK = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_KEPT = re.compile(r"(ss|us|is|news|series|species)$", re.IGNORECASE)
_TAKEN = frozenset({*FIELD_TYPES, "Batch", "Error", "Failure", "List", "Null", "Object"})


def is_word(text: str) -> bool:
    """Whether it can be a member of an enum, or a bare name."""
    return bool(_WORD.fullmatch(text)) and text not in RESERVED


def pascal(text: str) -> str:
    """`order_items` is `OrderItems`; nothing where no letter is left."""
    words = [word for word in _BREAK.split(_plain(text)) if word]
    name = "".join(word if _mixed(word) else word[:1].upper() + word[1:].lower() for word in words)
    return f"T{name}" if name[:1].isdigit() else name


def entity_name(table: str) -> str:
    """`public.order_items` is `OrderItem`."""
    words = [word for word in _BREAK.split(_plain(table.rpartition(".")[2])) if word]
    return pascal("_".join([*words[:-1], singular(words[-1])])) if words else "Table"


def singular(word: str) -> str:
    """`orders` is `order`, `categories` `category`, `addresses` `address`."""
    lower = word.lower()
    if len(word) < 4 or not lower.endswith("s") or _KEPT.search(lower):
        return word
    if lower.endswith("ies") and len(word) > 4:
        return word[:-3] + ("Y" if word.isupper() else "y")
    if lower.endswith(("sses", "shes", "ches", "xes", "uses")):
        return word[:-2]
    return word[:-1]


def field_name(column: str) -> str:
    """The name of a field for a column: the same where it is a free word."""
    name = re.sub(r"[^A-Za-z0-9_]+", "_", _plain(column)).strip("_") if _odd(column) else column
    if not name or name in RESERVED or name[0].isdigit():
        name = f"{name}_" if name in RESERVED else f"column_{name}".rstrip("_")
    return name


def free(name: str, taken: Iterable[str]) -> str:
    """The name, with a number where it is taken."""
    used, number, found = set(taken), 2, name
    while found in used:
        found, number = f"{name}_{number}", number + 1
    return found


def declared_name(name: str, taken: Iterable[str]) -> str:
    """A name for a declaration that is neither taken nor a type of the language."""
    return free(name or "Unnamed", {*taken, *_TAKEN})


def _odd(column: str) -> bool:
    return not _WORD.fullmatch(column) or column in BUILTIN_NAMES


def _plain(text: str) -> str:
    """Letters without their accents; what has no such letter stays."""
    found = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    return "".join(char for char in found if not unicodedata.combining(char))


def _mixed(word: str) -> bool:
    return word != word.lower() and word != word.upper() and word[0].isupper()
