"""The engine: a pure core, a loop that makes one commit a cycle, and senders. Knows ports only."""
