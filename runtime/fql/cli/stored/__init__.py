"""Commands that look at the work of a store, and change it."""
