"""Compiling no more than what changed, and in several processes: the answer of `fqlc.pipeline`,
put together from its answers for parts of a project."""
