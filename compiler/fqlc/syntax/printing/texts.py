"""Texts and documentation in the formatter's spelling."""

from __future__ import annotations

from fqlc.syntax.tree import ast

STEP = "  "


def string_text(raw: str, indent: str) -> str:
    """A quoted text as written, in double quotes. One in triple quotes that begins on its own
    line moves with the indentation; its value stays the same."""
    if raw.startswith('"""'):
        return _triple(raw, indent)
    if raw.startswith("'"):
        return _double_quoted(raw[1:-1])
    return raw


def doc_text(raw: str, indent: str) -> str:
    """Documentation as written, its lines moved with the indentation."""
    lines = raw[3:-3].strip().split("\n")
    if len(lines) == 1:
        return f'"""{lines[0]}"""'
    rest = _moved(lines[1:], indent)
    return "\n".join((f'"""{lines[0].rstrip()}', *rest)) + '"""'


def is_flat(literal: ast.StringLiteral, raw: str) -> bool:
    """True when the text is on one line."""
    return not literal.triple or "\n" not in raw


def _double_quoted(body: str) -> str:
    parts: list[str] = []
    position = 0
    while position < len(body):
        char = body[position]
        pair = body[position : position + 2]
        if char == "\\":
            parts.append("'" if pair == "\\'" else pair)
            position += 2
            continue
        parts.append('\\"' if char == '"' else char)
        position += 1
    return f'"{"".join(parts)}"'


def _triple(raw: str, indent: str) -> str:
    lines = raw[3:-3].split("\n")
    if len(lines) < 2 or lines[0].strip():
        return raw
    body, last = lines[1:-1], lines[-1]
    if last.strip():
        body, last = lines[1:], ""
        return "\n".join(('"""', *_moved(body, indent + STEP))) + '"""'
    return "\n".join(('"""', *_moved(body, indent + STEP), f'{indent}"""'))


def _moved(lines: list[str], indent: str) -> list[str]:
    """The lines with their common indentation replaced."""
    widths = [len(x) - len(x.lstrip(" \t")) for x in lines if x.strip()]
    common = min(widths, default=0)
    return [(indent + x[common:]) if x[common:] else "" for x in lines]
