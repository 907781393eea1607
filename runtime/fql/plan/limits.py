"""Sizes that compiler and runtime hold a plan to."""

MOST_ACTIONS = 256
"""Actions of one observer: a picture and a dead letter of more helps nobody."""

MOST_HEADERS = 100
"""Headers of one request that a level gives: servers take no more either."""

MOST_SECRETS = 32
"""Signing secrets at once: a verifier looks at no more signatures."""

MOST_ENCRYPTED = 256
"""Keys of a body that are encrypted one by one."""

MOST_EDGES = 20_000
"""Edges of one flow: `[a, b] -> [c, d]` has four."""
