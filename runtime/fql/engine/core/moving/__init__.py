"""Shards that come and go while the engine works, and work that is written into those of others."""
