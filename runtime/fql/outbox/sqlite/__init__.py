"""Capture and outbox in a SQLite database."""
