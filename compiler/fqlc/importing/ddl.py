"""DDL as text: its file, its dialect, its statements with their lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fql.errors import UsageError
from fqlc.importing.failures import ImportFailed
from fqlc.importing.files import read_bytes

LONGEST = 200_000_000
"""Bytes of a file that is read."""

_MARKS = (
    ("mysql", re.compile(r"\bENGINE\s*=|\bAUTO_INCREMENT\b|(?:MySQL|MariaDB) dump",
                         re.IGNORECASE)),
    ("sqlite", re.compile(r"\bAUTOINCREMENT\b|\bPRAGMA\s|\bWITHOUT\s+ROWID\b|\bSTRICT\s*;",
                          re.IGNORECASE)),
    ("postgresql", re.compile(
        r"PostgreSQL database dump|\b(?:big)?serial\b|::|\btimestamptz\b|\bwith(?:out)? time zone\b"
        r"|\bjsonb\b|\bCREATE (?:TYPE|DOMAIN|SCHEMA|EXTENSION)\b|\bpublic\.|\bCOMMENT ON\b",
        re.IGNORECASE)),
)  # fmt: skip
_PART = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$(\w*)\$.*?\$\1\$|--[^\n]*|/\*.*?\*/|;", re.DOTALL
)
_MAKES_TABLE = re.compile(
    r"\s*(?:--[^\n]*\n\s*)*(?:CREATE|ALTER)\b(?!\s+VIRTUAL\b)[^(;]*?\bTABLE\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with the line on which it begins."""

    text: str
    line: int

    @property
    def makes_table(self) -> bool:
        """Whether a table is missing or differs where it is not read."""
        return bool(_MAKES_TABLE.match(self.text))

    def unread(self, source: str, reason: str) -> str:
        """The sentence that names it."""
        words = " ".join(self.text.split())
        shown = words if len(words) <= 50 else words[:50] + "..."
        return f"{source}:{self.line}: `{shown}` cannot be read: {reason}"


def read_text(path: Path) -> str:
    """The text of a file. Raises SourceMissing, ImportFailed for one that is not UTF-8."""
    data = read_bytes(path, LONGEST, "leave its rows out")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        hint = "save it as UTF-8"
        raise ImportFailed(f"{path} is not UTF-8: byte {error.start + 1:,}", hint) from None
    if "\0" in text:
        raise ImportFailed(f"{path} is not a text file: it holds NUL", "give DDL as text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def dialect_of(text: str, source: str) -> str:
    """The dialect, as far as words tell. Raises UsageError where they do not."""
    head = text[:1_000_000]
    found = next((name for name, mark in _MARKS if mark.search(head)), "")
    if found in ("", "mysql"):
        said = "is MySQL, which cannot be read" if found else "may be of more than one dialect"
        raise UsageError(f"the DDL in {source} {said}", hint="say which: --dialect postgresql")
    return found


def statements(text: str) -> Iterator[Statement]:
    """The parts between semicolons that are in no text, name, body or comment."""
    start, line = 0, 1
    for found in _PART.finditer(text):
        if found[0] == ";":
            part = text[start : found.end()]
            lead = len(part) - len(part.lstrip())
            if part.strip("; \n\t"):
                yield Statement(part.strip(), line + part.count("\n", 0, lead))
            line += part.count("\n")
            start = found.end()
    rest = text[start:]
    if rest.strip():
        lead = len(rest) - len(rest.lstrip())
        yield Statement(rest.strip(), line + rest.count("\n", 0, lead))
