"""One value compared with parts of a schema, by what it is."""
