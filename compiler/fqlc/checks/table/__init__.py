"""The one table of blocks and keys, and what is printed from it."""
