"""`fqlc demo`: the whole path on one machine, and the proof."""
