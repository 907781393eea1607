"""Capture in PostgreSQL: its SQL, its triggers, and the one place that opens connections."""
