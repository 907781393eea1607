"""What captures a plan's entities in PostgreSQL, as SQL from facts of tables. Pure."""
