"""What an engine changes in a PostgreSQL store: one commit, as long as its session lives."""
