"""Declarations as text, in the layout of `fqlc fmt`. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from fqlc.importing.declarations import Choice, Field, Group, Row

WIDTH = 100
STEP = "  "
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def file_text(groups: Iterable[Group], *, mark: bool = False) -> str:
    """A whole file. With `mark`, fields that are likely to hold personal data are @sensitive."""
    parts = [text for group in groups for text in group_texts(group, mark=mark)]
    return "\n\n".join(parts) + "\n" if parts else ""


def group_texts(group: Group, *, mark: bool) -> list[str]:
    """The declarations of a group, each as a text."""
    needs = [choice_text(n) if isinstance(n, Choice) else row_text(n) for n in group.needs]
    return [*needs, row_text(group.entity, mark=mark)]


def choice_text(choice: Choice) -> str:
    """An enum, on one line where it fits."""
    flat = f"enum {choice.name} {{ {', '.join(choice.members)} }}"
    if len(flat) <= WIDTH:
        return flat
    return f"enum {choice.name} {{\n" + "".join(f"{STEP}{m}\n" for m in choice.members) + "}"


def row_text(row: Row, *, mark: bool = False) -> str:
    """An entity or a type."""
    head = f"type {row.name}" if row.table is None else f"entity {row.name}"
    if row.table:
        head += f" from {quoted(row.table)}"
    lines = [comment(note) for note in row.notes]
    lines += [documentation(row.doc)] if row.doc else []
    inside = [line for field in row.fields for line in field_lines(field, mark=mark)]
    return "\n".join([*lines, f"{head} {{", *(STEP + line for line in inside), "}"])


def field_lines(field: Field, *, mark: bool = False) -> list[str]:
    """The lines of a field: notes, documentation, and itself."""
    lines = [comment(note) for note in field.notes]
    if not field.type:
        return lines
    lines += [documentation(field.doc)] if field.doc else []
    attributes = " @key" if field.key else ""
    attributes += " @sensitive" if mark and is_personal(field.name) and not field.key else ""
    attributes += f" @column({quoted(field.column)})" if field.column != field.name else ""
    return [*lines, f"{field.name}: {field.type}{attributes}"]


def comment(text: str) -> str:
    """A line of comment."""
    return f"# {_one_line(text)}"


def documentation(text: str) -> str:
    """A text before a declaration or field, on one line."""
    inside = _one_line(text).replace("\\", "\\\\").replace("${", "\\${")
    inside = inside.replace('"""', '\\"\\"\\"')
    if inside.endswith('"') and not inside.endswith('\\"'):
        inside = inside[:-1] + '\\"'
    return f'"""{inside}"""'


def quoted(text: str) -> str:
    """A text in double quotes that means exactly these characters."""
    inside = text.replace("\\", "\\\\").replace('"', '\\"')
    inside = inside.replace("${", "\\${").replace("{{", "\\{\\{")
    return '"' + _CONTROL.sub(_escaped, inside) + '"'


def _escaped(found: re.Match[str]) -> str:
    return "".join(f"\\u{{{ord(char):X}}}" for char in found[0])


def _one_line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())


# Personal data ----------------------------------------------------------------

_PERSONAL = frozenset({
    "email", "mail", "phone", "mobile", "iban", "password", "passwd", "secret", "token", "ssn",
    "birthday", "birthdate", "dob", "passport", "address", "street", "surname", "lastname",
    "firstname", "fullname", "salary", "ip",
})  # fmt: skip
_PAIRS = (
    ("birth", "date"), ("last", "name"), ("first", "name"), ("full", "name"), ("credit", "card"),
    ("card", "number"), ("tax", "id"), ("api", "key"), ("date", "birth"),
)  # fmt: skip
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def is_personal(name: str) -> bool:
    """Whether a field of this name is likely to hold personal data or a secret."""
    words = [word.lower() for word in _WORDS.findall(name)]
    pairs = [set(pair) <= set(words) for pair in _PAIRS]
    return bool(_PERSONAL.intersection(words)) or any(pairs)


def candidates(groups: Collection[Group]) -> list[str]:
    """The fields that may be meant to be @sensitive, as `User.email`."""
    return [
        f"{group.entity.name}.{field.name}"
        for group in groups
        for field in group.entity.fields
        if field.type and not field.key and is_personal(field.name)
    ]
