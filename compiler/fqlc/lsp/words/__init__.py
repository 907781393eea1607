"""Answers and diagnostics in the words of the protocol."""
