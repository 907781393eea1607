"""The care of an SQLite store that nobody is the engine of, or beside its engine."""
