"""The driver for PostgreSQL, which is an extra."""

from __future__ import annotations

from importlib import import_module


def require_driver() -> None:
    """Called before anything that imports psycopg. Raises SettingsError, with the pip command,
    where the extra `postgres` is not installed."""
    import_module("fql.outbox.postgresql.connection")
