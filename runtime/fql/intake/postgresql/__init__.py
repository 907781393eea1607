"""The outbox of a PostgreSQL database as a source."""
