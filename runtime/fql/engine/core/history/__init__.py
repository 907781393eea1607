"""What the core writes for people who look at it."""
