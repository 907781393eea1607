"""What a snapshot is made of: what the check said, how texts moved on, what is remembered."""
