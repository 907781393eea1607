"""Bodies of other formats than JSON, as bytes: no value can add a key or an element."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote_plus

from fql.events.values import text_of
from fql.expressions.compile import compile_body, compile_text, compile_value
from fql.expressions.scope import Scope
from fql.plan.language.expressions import Expr
from fql.plan.table import TypeTable
from fql.plan.web.formats import Format

Body = Callable[[Scope], bytes]


def compile_format(e: Expr, form: Format, types: TypeTable) -> Body:
    """The bytes of a body in its format."""
    if form == "form":
        return _form(e)
    if form == "text":
        value = compile_value(e)
        return lambda scope: _utf8(text_of(value(scope)))
    if form == "xml":
        text = compile_text(e, {}, escaped)
        return lambda scope: _utf8(text(scope))
    return compile_body(e, types) if form == "json" else no_body


def no_body(_scope: Scope) -> bytes:
    """The body of what is sent without one."""
    return b""


def _form(e: Expr) -> Body:
    value = compile_value(e)

    def body(scope: Scope) -> bytes:
        pairs = _pairs(value(scope))
        return "&".join(f"{_quoted(name)}={_quoted(text)}" for name, text in pairs).encode("ascii")

    return body


def _pairs(value: object) -> Iterator[tuple[str, str]]:
    """Each key with its text; a list repeats its key, null is left out."""
    for name, held in value.items() if isinstance(value, Mapping) else ():
        for one in held if isinstance(held, list | tuple) else (held,):
            if one is not None:
                yield name, text_of(one)


def _quoted(text: str) -> str:
    return quote_plus(text, errors="replace")


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


_NOT_XML = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
"""A pattern that takes as long to make as two modules; few plans write XML."""
_ESCAPES = str.maketrans(
    {
        "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;",
        "\t": "&#9;", "\n": "&#10;", "\r": "&#13;",
    }
)  # fmt: skip


def escaped(text: str) -> str:
    """A value as content or attribute of XML, which reads as the same text. What XML cannot hold
    at all becomes U+FFFD."""
    return re.sub(_NOT_XML, "\ufffd", text).translate(_ESCAPES)
