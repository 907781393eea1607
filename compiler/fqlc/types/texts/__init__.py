"""Quoted texts: templates, what they may hold, and how Jinja's are read."""
