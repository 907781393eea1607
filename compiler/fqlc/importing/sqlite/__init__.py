"""SQLite: live files, and DDL that SQLite itself runs."""
