"""How things are, in words and numbers for people."""
