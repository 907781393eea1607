"""The declaration around a cursor, read as if a name were written there."""
