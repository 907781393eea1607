"""Which plan the engines of a shared store work by. Decision 0222."""

from __future__ import annotations

import psycopg

from fql.errors import StoreError
from fql.store.postgresql.tables.plans import ACTIVATE, AGAIN, NEWEST, NEXT, NOW
from fql.store.postgresql.wire.line import Wire
from fql.store.postgresql.wire.values import Bytea, int8, text
from fql.store.records import StoredPlan
from fql.store.sharing.port import Active

TRIES = 20
"""Plans that are activated at the same moment want the same generation; each takes the next."""
_ALL = "SELECT generation, short FROM {s}.fql_active ORDER BY generation"
_NOW = "SELECT generation, short FROM {s}.fql_active ORDER BY generation DESC LIMIT 1"
_ACTIVATE = f"""WITH p AS (INSERT INTO {{s}}.fql_plan(short, digest, blob, at)
    VALUES ($1, $2, $3, $4) ON CONFLICT (short) DO UPDATE SET uses = fql_plan.uses + 1)
  {ACTIVATE} SELECT $1, {NEXT}, {NOW} WHERE CASE WHEN $5 <> 0
    THEN $1 IS DISTINCT FROM ({NEWEST})
    ELSE NOT EXISTS (SELECT FROM {{s}}.fql_active WHERE short = $1) END
  {AGAIN}"""  # noqa: S608


def active(wire: Wire) -> Active:
    """The plan that is active now."""
    return Active(*(wire.one(_NOW) or ()))


def activations(wire: Wire) -> list[Active]:
    """Each plan that was ever active, oldest first."""
    return [Active(*row) for row in wire.run(_ALL)]


def activate(wire: Wire, plan: StoredPlan, *, again: bool) -> Active:
    """Make a plan the active one; unless `again`, only where it never was. Gives what is active
    then. Raises StoreError."""
    values = (
        text(plan.short), text(plan.digest), Bytea(plan.blob), int8(plan.at), int8(int(again))
    )  # fmt: skip
    for _ in range(TRIES):
        try:
            wire.run(_ACTIVATE, values)
        except psycopg.errors.UniqueViolation:
            continue
        return active(wire)
    raise StoreError("too many plans are being activated at the same time")
