"""One commit a cycle, then the sends: the loop around the core, its session and its senders."""
