"""Programs with marks, and the answers that each service gives to them.

A file of `cases/` is about one service. A case begins with `=== title`, then comes the program
(further files after `>>> path`), then `---` and the answer. `¦` marks a place, `⟦...⟧` a stretch,
anywhere in the files of a program. What was typed since the last check comes after `<<< path`: then
the mark is in that text. `shop.fql` is part of every program.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fqlc.services.snapshot import Snapshot, take_snapshot
from fqlc.source.text import Span

HERE = Path(__file__).parent / "cases"
MAIN, SHOP = "main.fql", "shop.fql"
SHOP_TEXT = (Path(__file__).parent / SHOP).read_text(encoding="utf-8")
_PLACE, _START, _END = "¦", "⟦", "⟧"


@dataclass(frozen=True)
class Case:
    """One program with a mark, and what is written as its answer."""

    title: str
    written: str
    answer: str

    @property
    def files(self) -> dict[str, str]:
        """The texts by path, without marks; those typed later are not among them."""
        return {path: _bare(text) for path, text, newer in _parts(self.written) if not newer}

    def snapshot(self) -> Snapshot:
        """The program as it was checked, with what was typed since."""
        files = {SHOP: SHOP_TEXT, **self.files}
        read = {path: text.encode() for path, text in files.items()}.get
        roots = sorted(path for path in files if path.endswith(".fql"))
        snapshot = take_snapshot(roots, read)
        for path, text, newer in _parts(self.written):
            if newer:
                snapshot = snapshot.typed(path, _bare(text))
        return snapshot

    @property
    def span(self) -> Span:
        """The marked stretch, or place."""
        for path, text, _ in _parts(self.written):
            if _PLACE in text:
                return Span(path, text.index(_PLACE), text.index(_PLACE))
            if _START in text:
                return Span(path, text.index(_START), text.index(_END) - 1)
        return Span(MAIN, 0, 0)


def _bare(text: str) -> str:
    for mark in (_PLACE, _START, _END):
        text = text.replace(mark, "")
    return text


def _parts(written: str) -> Iterator[tuple[str, str, bool]]:
    """The files of a program, and whether each was typed since the check."""
    path, newer, lines = MAIN, False, list[str]()
    for line in [*written.splitlines(keepends=True), ""]:
        if line.startswith((">>> ", "<<< ")) or not line:
            if lines:
                yield path, "".join(lines), newer
            path, newer, lines = line[4:].strip(), line.startswith("<<<"), []
        else:
            lines.append(line)


def cases(service: str) -> list[Case]:
    """The cases of a service."""
    return [*_read((HERE / f"{service}.txt").read_text(encoding="utf-8"))]


def _read(text: str) -> Iterator[Case]:
    for part in text.split("=== ")[1:]:
        title, _, rest = part.partition("\n")
        written, _, answer = rest.partition("\n---\n")
        yield Case(title, written + "\n", answer.strip("\n"))


def written_cases(found: list[tuple[Case, str]]) -> str:
    """The file of cases with these answers."""
    return "\n".join(f"=== {case.title}\n{case.written}---\n{answer}\n" for case, answer in found)
