"""The commands of those who run an engine: probes, and what would not do in production."""
