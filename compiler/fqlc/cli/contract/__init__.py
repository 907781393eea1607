"""`fqlc contract`: contracts of receivers fetched, compared and shown."""
