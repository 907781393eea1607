"""The rules, one per file. Rules do not import each other; `fqlc.checks.catalogue` orders them."""
