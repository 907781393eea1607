"""Schemas of JSON."""
