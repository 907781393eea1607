"""The application's database as `fqlc capture` and `fqlc doctor` work on it."""
