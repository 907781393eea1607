"""The plan as data: imports nothing but pydantic and `fql.errors`; the compiler shares it."""
