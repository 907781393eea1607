"""The outbox of a SQLite database as a source."""
