"""What `fqlc doctor` looks at."""
