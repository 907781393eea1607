"""One connection to PostgreSQL: the values that pass over it, and what its errors mean."""
