"""What the engine tells about itself: lifecycle events as data, and who listens."""
