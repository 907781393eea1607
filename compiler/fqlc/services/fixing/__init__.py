"""Changes that are offered at a place."""
