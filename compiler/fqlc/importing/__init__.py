"""Entities from what exists: databases, DDL, models of applications; observers from elsewhere.

Each kind of source is read into one `Catalog` (`model`); from there on nobody knows what it was.
"""
