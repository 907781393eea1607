"""Observers of other systems, as programs of this language."""
