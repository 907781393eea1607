"""Replays: which dead letters can be replayed, and the walk over many of them."""
