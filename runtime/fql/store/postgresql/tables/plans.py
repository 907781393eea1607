"""Which plan of a PostgreSQL store is active, as SQL: each activation has the next generation."""

from __future__ import annotations

NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
"""Milliseconds since 1970 by the server's clock."""
NEWEST = "SELECT short FROM {s}.fql_active ORDER BY generation DESC LIMIT 1"
"""The active plan."""
NEXT = "coalesce((SELECT max(generation) FROM {s}.fql_active), 0) + 1"
ACTIVATE = "INSERT INTO {s}.fql_active(short, generation, at)"
"""Begins a statement that activates a plan; `AGAIN` ends it."""
AGAIN = "ON CONFLICT (short) DO UPDATE SET generation = excluded.generation, at = excluded.at"
