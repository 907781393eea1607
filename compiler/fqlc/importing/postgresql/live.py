"""A PostgreSQL database, read in one transaction that changes nothing. Importing this module raises
SettingsError where psycopg is missing."""

from __future__ import annotations

from fql.outbox.postgresql.connection import connect, in_words
from fql.outbox.postgresql.inventory import inventory
from fql.settings.databases import server_at
from fqlc.importing.model import Catalog
from fqlc.importing.postgresql.tables import catalog_of


def read_server(url: str, *, views: bool) -> Catalog:
    """What its tables are. Raises SettingsError for a bad url, StoreError."""
    database = server_at(url)
    with connect(database.url) as connection, in_words(database.shown):
        return catalog_of(inventory(connection), views=views)
