"""A reader of text-format protocol buffers, as far as the CEL suite uses them."""

from __future__ import annotations

import re
from typing import Any

Message = dict[str, list[Any]]

_TOKEN = re.compile(
    r"""(?P<blank>\s+|\#[^\n]*|,|;)|(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
    r"""|(?P<word>[\w.+-]+|\[[\w.]+/[\w.]+\])|(?P<sign>[{}:\[\]])"""
)
_ESCAPE = re.compile(
    rb"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|(.))", re.DOTALL
)
_LETTERS = {
    b"v": b"\v",
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
}


def read(text: str) -> Message:
    """A message: each field name with the list of its values (messages, texts or words)."""
    message, position = _message(_tokens(text), 0)
    del position
    return message


def _tokens(text: str) -> list[tuple[str, str]]:
    found = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"no token at {text[position : position + 20]!r}")
        if match.lastgroup != "blank":
            found.append((str(match.lastgroup), match.group()))
        position = match.end()
    return found


def _message(tokens: list[tuple[str, str]], at: int) -> tuple[Message, int]:
    message: Message = {}
    while at < len(tokens) and tokens[at][1] != "}":
        name = tokens[at][1]
        at += 1
        if tokens[at][1] == ":":
            at += 1
        value, at = _value(tokens, at)
        message.setdefault(name, []).extend(value if isinstance(value, list) else [value])
    return message, at + 1


def _value(tokens: list[tuple[str, str]], at: int) -> tuple[Any, int]:
    kind, text = tokens[at]
    if text == "{":
        return _message(tokens, at + 1)
    if text == "[":
        return _list(tokens, at + 1)
    if kind != "string":
        return text, at + 1
    parts = b""
    while at < len(tokens) and tokens[at][0] == "string":
        parts += _unescaped(tokens[at][1][1:-1])
        at += 1
    return parts.decode(errors="surrogateescape"), at


def _list(tokens: list[tuple[str, str]], at: int) -> tuple[list[Any], int]:
    items = []
    while tokens[at][1] != "]":
        item, at = _value(tokens, at)
        items.append(item)
    return items, at + 1


def _unescaped(text: str) -> bytes:
    return _ESCAPE.sub(_letter, text.encode())


def _letter(match: re.Match[bytes]) -> bytes:
    hexadecimal, short, long, octal, letter = match.groups()
    if hexadecimal:
        return bytes([int(hexadecimal, 16)])
    if short or long:
        return chr(int(short or long, 16)).encode()
    return bytes([int(octal, 8)]) if octal else _LETTERS.get(letter, letter)
