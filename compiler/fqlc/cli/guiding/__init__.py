"""What helps people find their way: help, completion, and where each setting comes from."""
