"""Spellings of other languages, and what is meant by them here."""
