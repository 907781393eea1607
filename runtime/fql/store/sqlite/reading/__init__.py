"""What is read of a SQLite store, by an engine and by people."""
