"""All planted faults, by room."""

from __future__ import annotations

from tests.mutants.tables import checker, core, egress, loop, sharing, sources, stores

ROOMS = {
    "core": core.MUTANTS,
    "loop": loop.MUTANTS,
    "stores": stores.MUTANTS,
    "sharing": sharing.MUTANTS,
    "sources": sources.MUTANTS,
    "egress": egress.MUTANTS,
    "checker": checker.MUTANTS,
}
