"""Blocks and keys of declarations, read into checked values."""
