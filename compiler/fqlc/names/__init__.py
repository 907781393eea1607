"""Names: imports, symbols and their resolution over all files of a project."""
