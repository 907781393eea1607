"""Doing a job: the pipeline over its texts, and what that tells about each target. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fqlc.diagnostics.model import Diagnostic, Severity
from fqlc.incremental.cutting import Unit
from fqlc.incremental.job import Job
from fqlc.incremental.layout import Places
from fqlc.incremental.result import Answer, Result
from fqlc.lower.pieces import Written
from fqlc.names.project import declared_name
from fqlc.pipeline import Examined, examine_project, pieces_of
from fqlc.source.text import Span
from fqlc.syntax.tree import ast

UNUSED = "FQL207"
"""No part of a project knows whether another one uses it."""

SECTIONS = {"enum": "enums", "type": "types", "entity": "entities", "endpoint": "endpoints",
            "observer": "observers"}  # fmt: skip
"""Kinds that have a piece in the plan, and the section that it is in."""

_WATCHING = frozenset({"observer", "test"})
"""Kinds in which no other declaration brings anything about."""

_UNDOCUMENTED = (ast.ImportDeclaration, ast.BrokenDeclaration)


def answer(job: Job) -> Answer | None:
    """What a job finds out. None where anything is an error, or a unit declares something else
    than its text promised: then only the whole compile can tell."""
    seen = _examine(job)
    found = _of_parts(seen)
    places = Places(job.units)
    if any(_is_past_us(d, places) for d in found) or not _is_as_promised(seen, job, places):
        return None
    said = places.sorted_out((d, d.span) for d in found)
    remarks = places.sorted_out((r, r.span) for r in seen.remarks)
    uses = places.sorted_out(
        (use, at) for use, spans in seen.program.project.uses.seen.items() for at in spans
    )
    pieces = _pieces(seen, job) if job.with_plan else {}
    results = {
        i: Result(
            _own(i, said.get(i, ()), job),
            tuple(remarks.get(i, ())),
            tuple(dict.fromkeys(uses.get(i, ()))),
            pieces.get(_piece_of(job.units[i])),
        )
        for i in job.targets
    }
    return Answer(results, found)


def _examine(job: Job) -> Examined:
    """The pipeline over the texts. A file of the project out of sight is an empty one."""
    # With a byte order mark, as one that is in a text itself would be taken for it.
    texts = {path: text.encode("utf-8-sig") for path, text in job.texts().items()}
    known: Mapping[str, bytes | None] = {**job.contracts, **texts}
    return examine_project(list(texts), lambda path: known.get(path, b""), job.surroundings)


def _of_parts(seen: Examined) -> tuple[Diagnostic, ...]:
    return tuple(d for d in seen.found if d.code != UNUSED)


def _is_past_us(found: Diagnostic, places: Places) -> bool:
    """True for what only the whole compile can tell: errors, and what is in no unit."""
    return found.severity is Severity.ERROR or places.of(found.span) is None


def _is_as_promised(seen: Examined, job: Job, places: Places) -> bool:
    """True when each unit holds the declaration that its first words said, whole and alone."""
    declared = [
        (places.of(_stretch(declaration)), *declared_name(declaration))
        for file in seen.program.project.files
        for declaration in file.declarations
    ]
    promised = {(i, u.part.kind, u.part.name) for i, u in job.units.items() if u.part.kind}
    return len(declared) == len(promised) and promised.issuperset(declared)


def _stretch(declaration: ast.Declaration) -> Span:
    """From the documentation of a declaration to its end."""
    doc = None if isinstance(declaration, _UNDOCUMENTED) else declaration.doc
    return declaration.span if doc is None else doc.span.to(declaration.span)


def _own(number: int, found: Sequence[Diagnostic], job: Job) -> tuple[Diagnostic, ...]:
    """The findings in a target that are its own doing. What is reported about a declaration that
    others lean on may be the doing of those: it is its own when it is reported without them as
    well."""
    # A result is kept under a key that covers the unit and what it leans on. A finding that another
    # unit brings about (an observer that is too much for its endpoint) must not be kept there: it
    # would come back from the cache after the cause has gone. The price is another compile of this
    # unit, which only units with a finding pay.
    if not found or job.units[number].part.kind in _WATCHING:
        return tuple(found)
    alone = frozenset(_of_parts(_examine(job.narrowed(job.targets[number]))))
    return tuple(d for d in found if d in alone)


def _pieces(seen: Examined, job: Job) -> dict[tuple[str, str], Written]:
    made = pieces_of(seen.program, seen.sources, job.surroundings.names)
    return {(piece.section, piece.name): piece for piece in made}


def _piece_of(unit: Unit) -> tuple[str, str]:
    return SECTIONS.get(unit.part.kind, ""), unit.part.name
