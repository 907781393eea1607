"""The whole compile put together from its parts: known ones taken, the others worked out.

The answer is that of `fqlc.pipeline` for the same files, byte for byte. Where parts cannot give
it, there is none: any error needs the whole project to be reported well (what a name may have meant
is a matter of all names), and so does a project that is laid out in no plain way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fqlc.checks.model import Surroundings
from fqlc.checks.rules.unused_declaration import KINDS, unused_warning
from fqlc.diagnostics.compilation import Compilation
from fqlc.diagnostics.model import Diagnostic
from fqlc.diagnostics.suppress import suppress
from fqlc.incremental.answer import SECTIONS, Answer, Result
from fqlc.incremental.job import Job, jobs_of
from fqlc.incremental.layout import Layout, Places
from fqlc.incremental.stored import Stored, dump_result, load_result
from fqlc.pipeline import sealed
from fqlc.source.text import Span

Run = Callable[[Sequence[Job]], Sequence[Answer | None]]
"""Does jobs, here or in other processes; an answer for each, or fewer once one is None."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to compile: the roots, of which unused declarations are told. At most `most` jobs are
    made, none below `least` characters but for a single one."""

    roots: tuple[str, ...]
    surroundings: Surroundings
    with_plan: bool
    most: int = 1
    least: int = 100_000


@dataclass(frozen=True, slots=True)
class Assembled:
    """A compilation, the results to keep for the next one by their keys, and how many units had
    to be worked out."""

    compilation: Compilation
    kept: Mapping[str, Stored]
    worked_out: int


def compile_parts(
    layout: Layout, request: Request, known: Mapping[str, Stored], run: Run
) -> Assembled | None:
    """The compilation of a project without errors. `known` are results of earlier compiles."""
    results = _taken(layout, known, with_plan=request.with_plan)
    fresh = [i for i in range(len(layout.units)) if i not in results]
    answers = _answers(layout, fresh, request, run)
    if answers is None:
        return None
    for answer in answers:
        results.update(answer.results)
    foreign = _foreign(layout, results, answers)
    kept = {layout.keys[i]: known[layout.keys[i]] for i in results if layout.keys[i] in known}
    kept.update(_lasting(layout, results, fresh, foreign))
    return Assembled(_compilation(layout, results, foreign, request), kept, len(fresh))


def _taken(layout: Layout, known: Mapping[str, Stored], *, with_plan: bool) -> dict[int, Result]:
    """Results that are known and say all that is asked."""
    found: dict[int, Result] = {}
    for number, (unit, key) in enumerate(zip(layout.units, layout.keys, strict=True)):
        if key in known:
            try:
                result = load_result(known[key], unit, layout.near(number))
            except (KeyError, TypeError, ValueError, IndexError):
                continue
            if result.piece is not None or not with_plan or unit.part.kind not in SECTIONS:
                found[number] = result
    return found


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


def _foreign(
    layout: Layout, results: Mapping[int, Result], answers: Sequence[Answer]
) -> dict[int, list[Diagnostic]]:
    """Findings by the unit that they are in, where they are the doing of a unit that leans on
    it."""
    places = Places(dict(enumerate(layout.units)))
    found = dict.fromkeys(d for answer in answers for d in answer.found)
    sorted_out = places.sorted_out((d, d.span) for d in found)
    return {
        number: foreign
        for number, here in sorted_out.items()
        if (foreign := [d for d in here if d not in results[number].found])
    }


def _lasting(
    layout: Layout,
    results: Mapping[int, Result],
    fresh: Sequence[int],
    foreign: Mapping[int, object],
) -> Iterator[tuple[str, Stored]]:
    """Results that may serve again. Which of the units that lean on a foreign finding is its
    cause is not known, so none of them is kept."""
    for number in fresh:
        near = layout.leanings[number]
        if foreign and not foreign.keys().isdisjoint(near):
            continue
        stored = dump_result(results[number], layout.units[number], layout.near(number))
        if stored is not None:
            yield layout.keys[number], stored


def _compilation(
    layout: Layout,
    results: Mapping[int, Result],
    foreign: Mapping[int, Sequence[Diagnostic]],
    request: Request,
) -> Compilation:
    found = [d for result in results.values() for d in result.found]
    found += (d for here in foreign.values() for d in here)
    found += _unused(layout, results, request.roots)
    remarks = [r for result in results.values() for r in result.remarks]
    pieces = [result.piece for result in results.values() if result.piece is not None]
    names = request.surroundings.names
    plan = sealed(pieces, layout.sources, names) if request.with_plan else None
    return Compilation(
        plan,
        suppress(found, remarks, layout.sources),
        layout.sources,
    )


def _unused(
    layout: Layout, results: Mapping[int, Result], roots: Sequence[str]
) -> Iterator[Diagnostic]:
    used = {use for result in results.values() for use in result.uses}
    for unit in layout.units:
        kind, name, at = unit.part.kind, unit.part.name, unit.part.named_at
        if kind in KINDS and unit.path in roots and (kind, name) not in used:
            yield unused_warning(kind, name, Span(unit.path, at, at + len(name)))
