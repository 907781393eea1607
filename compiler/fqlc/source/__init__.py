"""Texts with paths, places in them, and near names. Knows nothing of the language."""
