"""Values that are made of others: bodies, choices, lists in another shape."""
