"""Changing a file of declarations by edits at spans, and comparing one with tables."""
