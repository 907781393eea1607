"""Reading `test` blocks."""
