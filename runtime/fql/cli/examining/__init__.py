"""`fqlc doctor`, and what it looks at."""
