"""The name of a project in the names of its tables, schemas and triggers."""

from __future__ import annotations

import re

DEFAULT_PROJECT = "main"
PROJECT = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""What a project may be called: its name becomes part of names in the database."""
