"""A plan as text: writing, reading, its schema."""
