"""Text of anybody, made fit for a terminal: what would steer it is shown as an escape."""

from __future__ import annotations

import re

_STEERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff]"
)
"""Control characters of both kinds, ends of lines that look like none, what turns or hides text."""

_STYLE = re.compile(r"(\x1b\[(?:[012]|3[1-7])(?:;3[1-7])?m)")
"""What our own commands colour with."""


def harmless(text: str) -> str:
    """The text with what steers a terminal as escapes; line ends and tabs stay."""
    return _STEERS.sub(lambda found: _escape(ord(found[0])), text)


def harmless_styled(text: str) -> str:
    """The same of a text that holds colours of our own."""
    pieces = _STYLE.split(text)
    return "".join(p if n % 2 else harmless(p) for n, p in enumerate(pieces))


def harmless_json(text: str) -> str:
    """JSON that means the same, with what steers a terminal as escapes of JSON."""
    return _STEERS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
