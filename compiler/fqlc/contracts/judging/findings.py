"""What is found when a value is compared with a schema: facts, each with the words for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, TypedDict, Unpack

from fqlc.contracts.judging.wire.values import Value
from fqlc.contracts.places import Place

Step = str | int
"""One step into a body: a key, the index of an item, or `[]` for any item."""

ANY_ITEM = "[]"


@dataclass(frozen=True, slots=True)
class Remedy:
    """How a slip can be mended, by kind: `insert`, `rename`, `remove` a key; leave it out where it
    is null (`optional`) or give a `default`; `call` a method of the value; write another `text`."""

    kind: Literal["insert", "rename", "remove", "optional", "default", "call", "text"]
    text: str = ""
    safe: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """A place where a value never fits, or may not fit. `says` continues a sentence that begins
    with what is at `path`; `there` is what the contract says at `place`.

    `value` is what is to be changed. `certain` where every value of that shape is refused.
    """

    code: str
    says: str
    value: Value
    place: Place
    there: str
    label: str = ""
    path: tuple[Step, ...] = ()
    warning: bool = False
    certain: bool = True
    help: tuple[str, ...] = ()
    remedy: Remedy | None = None


class More(TypedDict, total=False):
    """What a finding may have besides; see `Finding`."""

    path: tuple[Step, ...]
    certain: bool
    help: tuple[str, ...]
    remedy: Remedy | None


Asked = tuple[Place, str]
"""A place in the contract, and in words what it says there."""


def error(
    code: str, says: str, value: Value, asked: Asked, label: str = "", **more: Unpack[More]
) -> Finding:
    """A value that never fits."""
    place, there = asked
    return Finding(code=code, says=says, value=value, place=place, there=there, label=label, **more)


def warning(
    code: str, says: str, value: Value, asked: Asked, label: str = "", **more: Unpack[More]
) -> Finding:
    """A value that may not fit."""
    return replace(error(code, says, value, asked, label, **more), warning=True, certain=False)


@dataclass(frozen=True, slots=True)
class Note:
    """A keyword that was not judged, and where: what a strict check lists."""

    keyword: str
    place: Place
    path: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """All that was found of a position and below it."""

    findings: tuple[Finding, ...] = ()
    notes: tuple[Note, ...] = ()

    def under(self, step: Step) -> Judgement:
        """The same seen from one level above."""
        if not self.findings and not self.notes:
            return self
        return Judgement(
            tuple(replace(f, path=(step, *f.path)) for f in self.findings),
            tuple(replace(n, path=(step, *n.path)) for n in self.notes),
        )

    def perhaps(self) -> Judgement:
        """The same of a value that need not be there: it does not refuse what is around it."""
        if not self.refuses:
            return self
        return replace(self, findings=tuple(replace(f, certain=False) for f in self.findings))

    def within(self, value: Value) -> Judgement:
        """The same, where what was found in a value that was written as a whole belongs to that
        value: there is no other place to point at."""
        if value.expr is None or all(f.value.expr is not None for f in self.findings):
            return self
        moved = (_moved(f, value) for f in self.findings)
        return Judgement(tuple(moved), self.notes)

    @property
    def errors(self) -> int:
        """How many are errors."""
        return sum(not f.warning for f in self.findings)

    @property
    def refuses(self) -> bool:
        """True where no value of this shape can be taken."""
        return any(f.certain and not f.warning for f in self.findings)

    @property
    def weight(self) -> tuple[int, int, int]:
        """What the nearest of several branches is told by: the lightest."""
        return self.errors, len(self.findings), len(self.notes)


FITS = Judgement()


def _moved(found: Finding, value: Value) -> Finding:
    if found.value.expr is not None:
        return found
    return replace(found, value=replace(found.value, expr=value.expr), remedy=None)


def together(parts: Iterable[Judgement]) -> Judgement:
    """All of several judgements; the same finding twice counts once."""
    telling = [part for part in parts if part.findings or part.notes]
    if len(telling) < 2:
        return telling[0] if telling else FITS
    findings: dict[tuple[object, ...], Finding] = {}
    notes: dict[Note, None] = {}
    for part in telling:
        for found in part.findings:
            key = (found.code, found.path, found.says, id(found.value.expr))
            findings.setdefault(key, found)
        notes.update(dict.fromkeys(part.notes))
    return Judgement(tuple(findings.values()), tuple(notes))
