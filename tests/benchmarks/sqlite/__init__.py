"""Benchmarks of a SQLite database as source."""
