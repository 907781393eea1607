"""Renaming what a project declares."""
