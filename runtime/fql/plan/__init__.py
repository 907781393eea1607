"""The plan as data. Imports nothing but pydantic and `fql.errors`, so that the compiler can share it."""
