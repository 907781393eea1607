"""The whole compile put together from its parts: known ones taken, the others worked out.

The answer is that of `fqlc.pipeline` for the same files, byte for byte. Where parts cannot give
it, there is none: any error needs the whole project to be reported well (what a name may have meant
is a matter of all names), and so does a project that is laid out in no plain way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from fqlc.checks.model import Surroundings
from fqlc.checks.rules.unused_declaration import KINDS, unused_warning
from fqlc.diagnostics.compilation import Compilation
from fqlc.diagnostics.model import Diagnostic
from fqlc.diagnostics.suppress import suppress
from fqlc.incremental.answer import SECTIONS
from fqlc.incremental.job import Job, jobs_of
from fqlc.incremental.kept import Kept, KeptFile, KeptUnit
from fqlc.incremental.layout import Layout, Places
from fqlc.incremental.result import Answer
from fqlc.incremental.stored import load_found, load_remarks, with_result
from fqlc.pipeline import labelled, sealed
from fqlc.source.text import Span

Run = Callable[[Sequence[Job]], Sequence[Answer | None]]
"""Does jobs, here or in other processes; an answer for each, or fewer once one is None."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to compile: the roots, of which unused declarations are told. `most` and `least` are
    those of `jobs_of`."""

    roots: tuple[str, ...]
    surroundings: Surroundings
    with_plan: bool
    most: int = 1
    least: int = 100_000


@dataclass(frozen=True, slots=True)
class Assembled:
    """A compilation, what to keep for the next one, and how many units had to be worked out."""

    compilation: Compilation
    kept: Kept
    worked_out: int


def compile_parts(layout: Layout, request: Request, run: Run) -> Assembled | None:
    """The compilation of a project without errors."""
    fresh = [i for i in range(len(layout.units)) if not _is_known(layout, i, request)]
    answers = _answers(layout, fresh, request, run)
    if answers is None:
        return None
    done = _Done(layout, request, answers)
    return Assembled(done.compilation(), done.kept(), len(fresh))


def _is_known(layout: Layout, number: int, request: Request) -> bool:
    """True where an earlier compile left all that is asked."""
    known = layout.known.get(number)
    if known is None:
        return False
    return bool(known.section) or not request.with_plan or known.kind not in SECTIONS


def _answers(
    layout: Layout, fresh: Sequence[int], request: Request, run: Run
) -> list[Answer] | None:
    """The answers of all jobs; None as soon as one has none."""
    if not fresh:
        return []
    jobs = jobs_of(
        layout, fresh, request.surroundings,
        with_plan=request.with_plan, most=request.most, least=request.least,
    )  # fmt: skip
    found = run(jobs)
    answers = [a for a in found if a is not None]
    return answers if len(answers) == len(jobs) else None


class _Done:
    """All that is known of a project, found out now or earlier."""

    def __init__(self, layout: Layout, request: Request, answers: Sequence[Answer]) -> None:
        self._layout, self._request = layout, request
        self._fresh = {n: result for answer in answers for n, result in answer.results.items()}
        self._known = {n: unit for n, unit in layout.known.items() if n not in self._fresh}
        self._foreign = self._found_elsewhere(answers)
        self._pieces = {n: r.piece for n, r in self._fresh.items() if r.piece is not None}
        self._pieces |= {n: layout.piece(n) for n, unit in self._known.items() if unit.section}

    def _found_elsewhere(self, answers: Sequence[Answer]) -> dict[int, list[Diagnostic]]:
        """Findings by the unit that they are in, where they are the doing of a unit that leans on
        it."""
        found = dict.fromkeys(d for answer in answers for d in answer.found)
        if not found:
            return {}
        places = Places(dict(enumerate(self._layout.units)))
        sorted_out = places.sorted_out((d, d.span) for d in found)
        return {
            number: foreign
            for number, here in sorted_out.items()
            if (foreign := [d for d in here if d not in self._found_in(number)])
        }

    def _found_in(self, number: int) -> Sequence[Diagnostic]:
        if number in self._fresh:
            return self._fresh[number].found
        known = self._known[number]
        return load_found(known, self._layout.near(number)) if known.found else ()

    def compilation(self) -> Compilation:
        """The compilation that all results make."""
        layout, near = self._layout, self._layout.near
        found = [d for result in self._fresh.values() for d in result.found]
        found += (d for n, unit in self._known.items() if unit.found for d in self._found_in(n))
        found += (d for here in self._foreign.values() for d in here)
        found += self._unused()
        remarks = [r for result in self._fresh.values() for r in result.remarks]
        for number, unit in self._known.items():
            if unit.remarks:
                remarks += load_remarks(unit, near(number))
        plan = self._plan() if self._request.with_plan else None
        said = suppress(found, remarks, layout.sources)
        sources = {**layout.sources, **labelled(said, layout.contracts.get)}
        return Compilation(plan, said, sources)

    def _plan(self) -> bytes:
        names = self._request.surroundings.names
        return sealed(self._pieces.values(), self._layout.sources, names)

    def _unused(self) -> Iterator[Diagnostic]:
        used = {use for result in self._fresh.values() for use in result.uses}
        used.update((kind, name) for unit in self._known.values() for kind, name in unit.uses)
        roots = frozenset(self._request.roots)
        for unit in self._layout.units:
            kind, name, at = unit.part.kind, unit.part.name, unit.part.named_at
            if kind in KINDS and unit.path in roots and (kind, name) not in used:
                yield unused_warning(kind, name, Span(unit.path, at, at + len(name)))

    def kept(self) -> Kept:
        """What may serve again."""
        files: dict[str, KeptFile] = {}
        number = 0
        for path, file in self._layout.files.items():
            numbers = range(number, number + len(file.units))
            number += len(file.units)
            if file.kept is not None and all(map(self._is_as_it_was, numbers)):
                files[path] = file.kept
            else:
                units = [self._unit(n) for n in numbers]
                pieces = [self._pieces[n].data if u.section else b""
                          for n, u in zip(numbers, units, strict=True)]  # fmt: skip
                files[path] = KeptFile(file.digest, file.imports, units, pieces)
        return Kept(self._layout.salt, files)

    def _is_as_it_was(self, number: int) -> bool:
        """True where nothing about a unit of an unchanged file is new."""
        known = self._known.get(number)
        return known is not None and known.names is self._layout.names[number]

    def _unit(self, number: int) -> KeptUnit:
        """A unit with what is known of it. Which of the units that lean on a foreign finding is
        its cause is not known, so none of them keeps its result."""
        layout, known = self._layout, self._known.get(number)
        part, digest = layout.units[number].part, layout.units[number].digest
        names, key, reach = layout.names[number], layout.keys[number], layout.reach[number]
        if known is not None:
            return known._replace(
                named_at=part.named_at, start=part.start, end=part.end, line=part.line,
                names=names, key=key, reach=reach,
                length=len(self._pieces[number].data) if known.section else 0,
            )  # fmt: skip
        now = KeptUnit(*part, digest, names, key, reach)
        near = layout.leanings[number]
        if self._foreign and not self._foreign.keys().isdisjoint(near):
            return now
        return with_result(now, self._fresh[number], layout.near(number))
