"""For users of other tools: what keeps capture in step with migrations of Alembic and Django.

Each module imports its tool, so only those who have it can import it.
"""
