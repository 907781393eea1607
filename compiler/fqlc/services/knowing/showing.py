"""How things are shown: code of declarations, and what the language itself knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fql.plan.language.functions import FUNCTIONS, Function
from fql.plan.language.types import Type
from fql.plan.policy.keys import Key
from fqlc.checks.describe import bound_text
from fqlc.checks.reading.values import SECRET_KEYS
from fqlc.checks.table.blocks import BLOCKS, keys_of
from fqlc.services.answers import What
from fqlc.services.index.things import Declared, Thing
from fqlc.services.snapshot import Snapshot

MOST_LINES = 20
"""Lines of a declaration that a hover shows."""


def code(text: str) -> str:
    """A text as a block of code."""
    return f"```fql\n{text}\n```"


def declaration_code(snapshot: Snapshot, declared: Declared) -> str:
    """A declaration as it is written, its documentation left out, the first lines of a long one."""
    source = snapshot.sources.get(declared.whole.path)
    if source is None:
        return ""
    start = _after_doc(source.text, declared)
    lines = _dedented(source.text, start, declared.whole.end)
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 2], f"  # and {len(lines) - MOST_LINES + 1} lines more", "}"]
    return "\n".join(lines)


def _after_doc(text: str, declared: Declared) -> int:
    """Where a declaration begins without the documentation before it."""
    whole = declared.whole
    if not declared.doc or not text.startswith('"""', whole.start):
        return whole.start
    end = text.find('"""', whole.start + 3) + 3
    while end < declared.name.start and text[end].isspace():
        end += 1
    return end


def _dedented(text: str, start: int, end: int) -> list[str]:
    """The lines of a stretch, moved to the left as far as its first line is."""
    line = text.rfind("\n", 0, start) + 1
    indent = start - line
    first, *rest = text[start:end].splitlines() or [""]
    return [first, *(row[indent:] if row[:indent].isspace() else row for row in rest)]


def key_of(thing: Thing) -> Key | None:
    """The row of the table for a key; its owner is the dotted place that it is in."""
    block, _, inside = thing.owner.partition(".")
    found = BLOCKS.get(block)
    if found is None:
        return None
    dotted = f"{inside}.{thing.name}" if inside else thing.name
    known = dict(keys_of(found))
    return known.get(dotted) or next((k for k in SECRET_KEYS if k.name == thing.name), None)


def key_text(key: Key) -> str:
    """What a key takes, in Markdown."""
    takes = ", ".join(f"`{word}`" for word in key.words) if key.words else key.kind.value
    parts = [f"Takes {takes}"]
    if key.range:
        parts.append(f"{bound_text(key, 'least')} to {bound_text(key, 'most')}")
    if key.default:
        parts.append(f"default `{key.default}`")
    if key.required:
        parts.append("required")
    return f"{key.doc}\n\n{', '.join(parts)}."


def functions(name: str, what: What) -> tuple[Function, ...]:
    """The forms of a method or filter."""
    place = "filter" if what is What.FILTER else "method"
    return tuple(f for f in FUNCTIONS if f.name == name and place in f.places)


def signature(function: Function) -> str:
    """`String.replace(String, String): String`."""
    operand = type_text(function.operand)
    given = ", ".join(parameters(function))
    return f"{operand}.{function.name}({given}): {type_text(function.result)}"


def parameters(function: Function) -> Iterator[str]:
    """The parameters as they are shown; optional ones in brackets."""
    for number, parameter in enumerate(function.parameters):
        optional = number >= function.least
        yield f"[{type_text(parameter)}]" if optional else type_text(parameter)


def type_text(of: Type) -> str:
    """A type as people read it: what fits everything is `any`."""
    if of.item is not None:
        return f"[{type_text(of.item)}]" + ("?" if of.nullable else "")
    return "any" if of.name == "Error" else str(of)


def joined(parts: Iterable[str]) -> str:
    """Paragraphs of Markdown."""
    return "\n\n".join(part for part in parts if part)
