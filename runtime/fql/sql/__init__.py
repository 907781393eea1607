"""Conditions as SQL, for SQLite and PostgreSQL: exact, or refused with a reason."""
