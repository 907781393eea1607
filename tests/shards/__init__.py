"""Several engines on one store: who has which shards, and what each of them sends."""
