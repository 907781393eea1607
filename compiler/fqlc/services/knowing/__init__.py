"""What several services know: what the check said, how things are shown, what holds."""
