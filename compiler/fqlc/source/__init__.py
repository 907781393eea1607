"""Texts with paths and places in them. Knows nothing of the language."""
