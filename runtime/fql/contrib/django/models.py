"""Empty, but there: Django sends `post_migrate` only to applications that have this module."""
