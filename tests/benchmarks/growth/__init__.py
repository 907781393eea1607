"""What grows with a plan, a project or a store, and how fast."""
