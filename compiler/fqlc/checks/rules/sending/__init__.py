"""Rules about what is sent: where to, with what in it, by which policies."""
