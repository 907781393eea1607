"""The rules, one a file. Rules do not import each other; `fqlc.checks.catalogue` orders them."""
