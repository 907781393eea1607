"""A store that other engines work on as well: whose shards are whose, and which plan is active."""
