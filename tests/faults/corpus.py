"""Programs as newcomers get them wrong, each with what must be said about it, line by line.

A file of `cases/` holds many programs, each behind a line `--- what is wrong`; further files of
a program stand behind `=== path`. `# error: CODE words` or `# warning: CODE words` marks the line
that earns a report whose message holds the words; several are joined by `;;`. `# error above:`
speaks of the line before, for texts that swallow the rest of their line. A program without
marks is sound, however odd it looks. `shop.fql` and `clinic.fql` may be imported by every program.

The files `clinic_*` were written by somebody who had read the specification and no code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
MAIN = "case.fql"
SHARED = ("shop.fql", "clinic.fql")

_MARKS = re.compile(r"#\s*((?:error|warning)(?: above)?: .*)$")


@dataclass(frozen=True)
class Mark:
    """One report that must come: where, which, and words of its message."""

    path: str
    line: int
    severity: str
    code: str
    words: str

    def fits(self, path: str, line: int, severity: str, code: str, message: str) -> bool:
        """True for the report that was meant."""
        here = (path, line, severity, code) == (self.path, self.line, self.severity, self.code)
        return here and self.words in message


@dataclass(frozen=True)
class Fault:
    """One program of one or more files."""

    topic: str
    title: str
    files: dict[str, str]

    @property
    def name(self) -> str:
        """How a test report calls it."""
        return f"{self.topic}: {self.title}"

    @property
    def marks(self) -> list[Mark]:
        """All reports that must come; every other one is wrong."""
        return [mark for path, text in self.files.items() for mark in _marks(path, text)]

    def bytes_of(self, path: str) -> bytes | None:
        """The file system of the program."""
        if path in SHARED:
            return (HERE / path).read_bytes()
        text = self.files.get(path)
        return None if text is None else text.encode()


def faults() -> list[Fault]:
    """All programs, in the order of their files."""
    return [fault for path in sorted((HERE / "cases").glob("*.fql")) for fault in _read(path)]


def _read(path: Path) -> Iterator[Fault]:
    for chunk in re.split(r"^--- ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        title, _, text = chunk.partition("\n")
        parts = re.split(r"^=== (\S+)\n", text, flags=re.MULTILINE)
        others = dict(zip(parts[1::2], parts[2::2], strict=True))
        yield Fault(path.stem, title, {MAIN: parts[0], **others})


def _marks(path: str, text: str) -> Iterator[Mark]:
    for number, line in enumerate(text.splitlines(), 1):
        found = _MARKS.search(line)
        for mark in found[1].split(";;") if found else ():
            kind, _, rest = mark.strip().partition(": ")
            code, _, words = rest.partition(" ")
            severity, _, above = kind.partition(" ")
            yield Mark(path, number - 1 if above else number, severity, code, words)
