"""What the core holds in memory of open work, and what goes into a step and comes out."""
