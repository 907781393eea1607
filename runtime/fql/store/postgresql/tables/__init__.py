"""The tables of a PostgreSQL store: what they are, how they come to be, how large they are."""
