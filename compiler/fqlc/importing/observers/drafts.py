"""Observers as they are written, and the text of a file of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from fql.plan.web.urls import UrlProblem, parse_literal_url
from fqlc.diagnostics.sink import Sink
from fqlc.importing.declarations import Group
from fqlc.importing.naming import field_name, free, is_word
from fqlc.importing.writing import comment, documentation, file_text
from fqlc.source.text import SourceText
from fqlc.syntax.parsing.parser import parse_file
from fqlc.syntax.printing.files import format_source
from fqlc.syntax.tree import ast
from fqlc.syntax.tree.walk import walk

Entries = tuple[tuple[str, str], ...]
"""Keys of a block with values that are written already."""

_DURATION = re.compile(r"\d+(ms|s|m|h|d)", re.ASCII)
_BARE = re.compile(r"\{\{\s*(\w+)\s*\}\}", re.ASCII)
_IN_TEXT = re.compile(r"\{\{\s*(\w+)", re.ASCII)


class NotWritten(ValueError):
    """A value that has no form here; the text says why."""


@dataclass(frozen=True, slots=True)
class Action:
    """A webhook; `notes` are comments."""

    name: str
    entries: Entries
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Observer:
    """An observer of an entity. `reads` are the names of fields that it reads."""

    name: str
    entity: str
    entries: Entries
    actions: tuple[Action, ...]
    doc: str = ""
    notes: tuple[str, ...] = ()
    reads: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Drafts:
    """What was read: entities, observers, and what could not be, one sentence each."""

    groups: tuple[Group, ...]
    observers: tuple[Observer, ...]
    problems: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def drafts_text(drafts: Drafts) -> str:
    """The file, in the layout of `fqlc fmt`."""
    blocks = [file_text(drafts.groups), *map(_observer_text, drafts.observers)]
    return format_source(SourceText("import.fql", "\n\n".join(filter(None, blocks)) + "\n"))


def _observer_text(observer: Observer) -> str:
    lines = [comment(note) for note in observer.notes]
    lines += [documentation(observer.doc)] if observer.doc else []
    lines += [f"observer {observer.name} {{", *_entries(observer.entries)]
    for action in observer.actions:
        lines += [comment(note) for note in action.notes]
        lines += [f"webhook {action.name} {{", *_entries(action.entries), "}"]
    return "\n".join([*lines, "}"])


def _entries(entries: Entries) -> list[str]:
    return [f"{key}: {value}" for key, value in entries]


def action_name(url: str, taken: Iterable[str]) -> str:
    """By the host and the last segment of the path: `stock_reserve`."""
    try:
        parts = parse_literal_url(url)
    except UrlProblem:
        return free("send", taken)
    last = [segment for segment in parts.path.split("/") if is_word(field_name(segment or "0"))]
    found = "_".join(filter(None, (parts.host.split(".")[0], last[-1] if last else "")))
    name = field_name(re.sub(r"\W+", "_", found, flags=re.ASCII).strip("_").lower())
    return free(name if found else "send", taken)


# Values -----------------------------------------------------------------------


def text(value: str) -> str:
    """A text in quotes; templates and `${NAME}` in it keep their meaning."""
    inside = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda c: f"\\u{{{ord(c[0]):X}}}", inside) + '"'


def duration(value: object) -> str:
    """A duration such as `5s`, or a number of seconds. Raises NotWritten."""
    if isinstance(value, str) and _DURATION.fullmatch(value):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 10**9:
        return f"{value}s" if isinstance(value, int) else f"{round(value * 1000)}ms"
    raise NotWritten(f"{value!r} is not a duration")


def literal(value: object, *, bare: bool = False, each: bool = False) -> str:
    """A value as it is written. With `bare`, a text that is one template is its name; with `each`,
    a list of one item is `each`. Raises NotWritten."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        found = _BARE.fullmatch(value) if bare else None
        return found[1] if found else text(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, list | tuple):
        items = [literal(item, bare=bare) for item in value]
        return f"each {items[0]}" if each and len(items) == 1 else f"[{', '.join(items)}]"
    if isinstance(value, Mapping):
        pairs = (_pair(str(key), one, bare=bare, each=each) for key, one in value.items())
        return f"{{ {', '.join(pairs)} }}"
    raise NotWritten(f"{value!r} cannot be written in a body")


def _pair(key: str, value: object, *, bare: bool, each: bool) -> str:
    written = literal(value, bare=bare, each=each)
    name = key if is_word(key) else text(key)
    return name if written == name and bare else f"{name}: {written}"


def _number(value: float) -> str:
    found = Decimal(repr(value))
    if not found.is_finite():
        raise NotWritten(f"{value!r} is not a JSON number")
    return f"{found:f}"


# Conditions and names ---------------------------------------------------------


def condition(written: str) -> str:
    """A condition as our parser reads it, whole; nothing for one that is always true. Raises
    NotWritten for what it cannot read."""
    sink = Sink()
    file = parse_file(SourceText("condition", f"let c = (\n{written}\n)\n"), sink)
    found = file.declarations[0] if len(file.declarations) == 1 else None
    if sink.has_errors or not isinstance(found, ast.LetDeclaration) or "#" in written:
        said = next((d.message for d in sink.found), "it is more than an expression")
        raise NotWritten(f"the condition {written!r} cannot be read: {said}")
    bare = " ".join(written.split())
    return "" if bare == "true" else bare


def names_in_condition(written: str) -> set[str]:
    """The fields that a condition reads."""
    file = parse_file(SourceText("condition", f"let c = ({written})\n"), Sink())
    nodes = (node for declaration in file.declarations for node in walk(declaration))
    return {node.text for node in nodes if isinstance(node, ast.NameUse)}


def names_in_texts(value: object) -> set[str]:
    """The fields that templates in a value read."""
    if isinstance(value, str):
        return {name for name in _IN_TEXT.findall(value) if not name.startswith("_")}
    if isinstance(value, Mapping):
        return {name for one in value.values() for name in names_in_texts(one)}
    if isinstance(value, Sequence):
        return {name for one in value for name in names_in_texts(one)}
    return set()
