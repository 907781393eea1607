"""The index of conditions: what of a condition can be looked up, and the tables that look it up."""
