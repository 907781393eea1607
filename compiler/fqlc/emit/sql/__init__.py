"""Conditions as SQL, for `fqlc explain --sql`."""
