"""How a program differs from tables, as diagnostics at the places of its sources. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from fql.outbox.fitting import Misfit, misfits
from fql.plan.model import Plan
from fqlc.diagnostics.model import Diagnostic, Edit, Fix, Severity
from fqlc.importing.merging.edits import folding, table_of
from fqlc.importing.model import Catalog
from fqlc.names.project import Project
from fqlc.names.symbols import EntityInfo
from fqlc.source.text import SourceText, Span


def drift(
    plan: Plan, project: Project, sources: Mapping[str, SourceText], catalog: Catalog,
    *, complete: bool,
) -> list[Diagnostic]:  # fmt: skip
    """FQL501 to FQL508 of all entities that have a table."""
    fold = folding(catalog)
    fits = {fold(table.name): table.fits for table in catalog.tables if table.fits is not None}
    entities = [entity for entity in plan.entities if entity.table]
    written = {entity.table: fold(table_of(entity.table)) for entity in entities}
    tables = {name: fits[bare] for name, bare in written.items() if bare in fits}
    known = [fit.name for fit in fits.values()]
    found = misfits(plan, entities, tables, known, complete=complete)
    return [_diagnostic(one, project, sources) for one in found]


def _diagnostic(misfit: Misfit, project: Project, sources: Mapping[str, SourceText]) -> Diagnostic:
    entity, _, field = misfit.place.partition(".")
    info = project.rows[entity]
    span = info.fields[field].span if field else info.span
    fix = _nullable(info, field, sources) if misfit.code == "FQL504" else None
    return Diagnostic(
        code=misfit.code,
        message=misfit.message,
        span=span,
        severity=Severity.WARNING,
        label=misfit.place,
        help=(misfit.hint,),
        fix=fix,
    )


def _nullable(info: EntityInfo, field: str, sources: Mapping[str, SourceText]) -> Fix | None:
    span = info.fields[field].type_span
    source = sources.get(span.path)
    if source is None:
        return None
    return Fix((Edit(Span(span.path, span.end, span.end), "?"),), safe=False)
