"""A plan made ready to run: observers, conditions, graphs, limits of endpoints. No state."""
