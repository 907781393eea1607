"""Expressions, functions and types of the language, as data of a plan."""
