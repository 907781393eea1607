"""All planted faults, by room."""

from __future__ import annotations

from tests.mutants.tables import (
    bulk,
    checker,
    contracts,
    core,
    editors,
    egress,
    exporting,
    loop,
    plans,
    sharing,
    stored_work,
    stores,
)  # fmt: skip

ROOMS = {
    "core": core.MUTANTS,
    "stored work": stored_work.MUTANTS,
    "loop": loop.MUTANTS,
    "stores": stores.MUTANTS,
    "sharing": sharing.MUTANTS,
    "sources": stores.SOURCES,
    "egress": egress.MUTANTS,
    "checker": checker.MUTANTS,
    "bulk replays": bulk.MUTANTS,
    "plans and probes": plans.MUTANTS,
    "contracts": contracts.MUTANTS,
    "exports": exporting.MUTANTS,
    "editors and settings": editors.MUTANTS,
}
