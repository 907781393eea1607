"""The programs that properties of services are tried on: sound ones, and faulty ones."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fqlc.services.snapshot import Snapshot, take_snapshot
from tests.faults.corpus import SHARED, faults
from tests.services.reading import SHOP, SHOP_TEXT

ROOT = Path(__file__).parents[2]
_SNIPPET = re.compile(r"^```fql\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Program:
    """The files of a program by path; `roots` are those that are given."""

    name: str
    files: tuple[tuple[str, str], ...]
    roots: tuple[str, ...]

    def snapshot(self, texts: dict[str, str] | None = None) -> Snapshot:
        """The program as it is checked, with other texts for some of its files."""
        files = {**dict(self.files), **(texts or {})}
        return take_snapshot(self.roots, {p: t.encode() for p, t in files.items()}.get)


@cache
def sound() -> tuple[Program, ...]:
    """Every program of the examples, the goldens, and the pages of the documentation that has no
    errors."""
    return tuple(
        p for p in _all() if not any(d.severity == "error" for d in p.snapshot().diagnostics)
    )


def _all() -> Iterator[Program]:
    yield Program("shop", ((SHOP, SHOP_TEXT),), (SHOP,))
    for folder in ("examples", "tests/golden/programs"):
        for file in sorted((ROOT / folder).rglob("*.fql")):
            near = {f"{p.name}": p.read_text(encoding="utf-8") for p in file.parent.glob("*.fql")}
            yield Program(str(file.relative_to(ROOT)), tuple(near.items()), (file.name,))
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        snippets = _SNIPPET.findall(page.read_text(encoding="utf-8"))
        for number, text in enumerate(dict.fromkeys(snippets)):
            yield Program(f"{page.name} {number}", (("main.fql", text),), ("main.fql",))


@cache
def faulty() -> tuple[Program, ...]:
    """Programs as newcomers get them wrong."""
    return tuple(
        Program(fault.name, tuple(fault.files.items()) + _shared(fault.bytes_of), ("case.fql",))
        for fault in faults()
        if "case.fql" in fault.files
    )


def _shared(read: object) -> tuple[tuple[str, str], ...]:
    assert callable(read)
    return tuple((path, read(path).decode()) for path in SHARED)


def some(programs: Iterable[Program], count: int, seed: int) -> list[Program]:
    """A sample that is the same each time."""
    found = list(programs)
    return random.Random(seed).sample(found, min(count, len(found)))
