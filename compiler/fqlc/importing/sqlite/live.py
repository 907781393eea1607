"""A SQLite file, read and not changed."""

from __future__ import annotations

from pathlib import Path

from fql.outbox.sqlite.database import all_table_facts, opened
from fqlc.importing.model import Catalog
from fqlc.importing.sqlite.tables import catalog_of


def read_file(path: Path, *, views: bool) -> Catalog:
    """What its tables are. Raises StoreError for a file that cannot be read."""
    with opened(path, writable=False) as connection:
        return catalog_of(all_table_facts(connection), views=views)
