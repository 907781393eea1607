"""Stores that several engines use at once, and how they share the work. Decision 0194."""
