"""`fqlc import` and what only it needs."""
