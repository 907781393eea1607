"""Expressions of constants: literals, what is computed of them, and `let`."""
