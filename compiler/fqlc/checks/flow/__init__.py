"""Flows: their graph, what runs before what, and what is available where."""
