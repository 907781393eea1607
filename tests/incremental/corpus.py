"""Everything sound that this repository says in the language, taken to pieces and put together in
other ways: a story of edits starts from the declarations of a few programs."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from fqlc.diagnostics.registry import all_pages
from fqlc.pipeline import compile_project
from fqlc.syntax.reading.split import split
from tests.faults.corpus import MAIN, faults

ROOT = Path(__file__).parents[2]
_SNIPPET = re.compile(r"^```fql\n(.*?)^```", re.MULTILINE | re.DOTALL)
_WORD = re.compile(r"[A-Za-z_]\w*")

FILES = ("main.fql", "a.fql", "b/c.fql", "b/d.fql")
NOISE = (
    "\n", " ", "\t", "\r\n", "\r", "\f", "\ufeff", "# a word\n", "# it's \"one\n", '"""doc"""\n',
    '# """\n', "#\r", "# fql: allow FQL207 as is\n", "# fql: allow FQL332, FQL341 ours\n",
    "# fql: allow FQL306\n", "  ", "\n\n\n", "é", "'", '"', "\\u{61}", "defaults { }\n", "# x\r\n",
    "# fql: allow FQL351 so\n", "# fql: allow FQL232 so\n", "import ", "type ", "test ", "let ",
)  # fmt: skip


@cache
def programs() -> tuple[tuple[str, ...], ...]:
    """The declarations of every sound program, those with warnings included."""
    return tuple(
        declarations
        for text in dict.fromkeys(_texts())
        if _is_sound(text) and (declarations := _declarations(text))
    )


def _texts() -> Iterable[str]:
    for folder in ("examples", "tests/golden/programs"):
        for file in sorted((ROOT / folder).rglob("*.fql")):
            yield file.read_text(encoding="utf-8")
    for file in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        yield from _SNIPPET.findall(file.read_text(encoding="utf-8"))
    for page in all_pages():
        yield page.right
    yield from _faulty()


def _faulty() -> Iterable[str]:
    return (fault.files[MAIN] for fault in faults() if fault.files.keys() == {MAIN})


@cache
def strangers() -> tuple[str, ...]:
    """Declarations of faulty programs, many of them sound by themselves."""
    return tuple(piece for text in _faulty() for piece in _declarations(text))


def _is_sound(text: str) -> bool:
    found = compile_project(["x.fql"], {"x.fql": text.encode()}.get).diagnostics
    return all(d.severity == "warning" for d in found)


def _declarations(text: str) -> tuple[str, ...]:
    pieces = [text[p.start : p.end] for p in split(text) if p.kind not in ("", "import")]
    return tuple(p if p.endswith("\n") else f"{p}\n" for p in pieces)


@dataclass
class Medley:
    """A project of declarations of some programs, and the hand that edits it."""

    chance: random.Random
    pieces: list[tuple[str, str]] = field(default_factory=list)
    gone: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for _ in range(self.chance.choice((1, 1, 2, 3))):
            self.pieces += ((self._place(), p) for p in self.chance.choice(programs()))

    def _place(self) -> str:
        return self.chance.choice(FILES)

    def edit(self) -> None:
        """Move, remove, bring back, take in, or change a declaration, or what is around it."""
        kind = self.chance.choice(
            ("move", "remove", "back", "back", "take", "words", "noise", "shuffle", "swap", "undo")
        )
        if kind in ("back", "undo") and self.gone:
            self.pieces.append(self.gone.pop(self.chance.randrange(len(self.gone))))
        elif kind == "take":
            known = (*self.chance.choice(programs()), self.chance.choice(strangers()))
            self.pieces.append((self._place(), self.chance.choice(known)))
        elif kind == "shuffle":
            self.chance.shuffle(self.pieces)
        elif self.pieces:
            at = self.chance.randrange(len(self.pieces))
            path, text = self.pieces.pop(at)
            self.pieces[at:at] = self._changed(kind, path, text)

    def _changed(self, kind: str, path: str, text: str) -> list[tuple[str, str]]:
        if kind == "move":
            return [(self._place(), text)]
        if kind in ("words", "swap", "noise"):
            self.gone.append((path, text))
            made = self._noisy(text) if kind == "noise" else self._reworded(text, kind)
            return [(path, made)]
        if kind == "remove":
            self.gone.append((path, text))
            return []
        return [(path, text)]

    def _reworded(self, text: str, kind: str) -> str:
        words: Sequence[str] = _WORD.findall(text)
        every = words if kind == "words" else _WORD.findall("".join(t for _, t in self.pieces))
        if not words or not every:
            return text
        old, new = self.chance.choice(words), self.chance.choice(every)
        count = self.chance.choice((1, -1))
        return re.sub(rf"\b{old}\b", new, text, count=max(count, 0))

    def _noisy(self, text: str) -> str:
        noise = self.chance.choice(NOISE)
        at = self.chance.choice((0, 0, len(text), self.chance.randrange(len(text) + 1)))
        return text[:at] + noise + text[at:]

    def files(self) -> dict[str, bytes]:
        """The files as they are now. The first one imports the others."""
        texts = dict.fromkeys(FILES, "")
        texts["main.fql"] = "".join(f'import "{path}"\n' for path in FILES[1:])
        for path, text in self.pieces:
            texts[path] += text
        return {path: text.encode() for path, text in texts.items()}
