"""What is read of a PostgreSQL store, by an engine and by people."""
