"""`fql.toml`: its model, how it is read, and where it is found. Nothing of it is plan."""
