"""What editors ask: pure answers over a checked project, without a protocol."""
