"""`fqlc explain`: codes, events, policies and conditions."""
