"""A checked program to a plan: actions, expressions, policies with their origin, graph, names."""
