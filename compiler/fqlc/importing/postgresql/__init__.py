"""PostgreSQL: live databases, and dumps that its own parser reads."""
