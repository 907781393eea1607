"""A project on disk: which files are its sources, how they are named, what `fql.toml` says."""
