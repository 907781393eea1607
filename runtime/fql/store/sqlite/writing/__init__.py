"""What the commits of an SQLite store write besides its work."""
