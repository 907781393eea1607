"""Several engines at work on one store, each with some of its shards."""
