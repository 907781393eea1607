"""Conditions that can never hold, always hold, or contradict each other."""
