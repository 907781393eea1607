"""Runs, dead letters, stories and history, read from a store and put together."""
