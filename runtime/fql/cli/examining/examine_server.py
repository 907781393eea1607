"""What `fqlc doctor` looks at on the PostgreSQL server of a store."""

from __future__ import annotations

from collections.abc import Iterator

from fql.cli.examining.finding import Level
from fql.outbox.postgresql.connection import connect, in_words
from fql.store.opening import Place
from fql.store.postgresql.store import exists

_ASKED = """SELECT current_setting('server_version'), current_setting('fsync') = 'on',
current_setting('synchronous_commit') <> 'off', pg_is_in_recovery()"""


def examined(place: Place) -> Iterator[tuple[Level, str]]:
    """Each finding and how bad it is. Raises StoreError where the server cannot be asked."""
    shown = place.database.shown
    with connect(place.url, application="fqlc doctor") as connection, in_words(shown):
        row = connection.execute(_ASKED).fetchone()
    version, safe, durable, standby = row if row is not None else ("", True, True, False)
    if standby:
        yield "problem", f"{shown} is a standby, which takes no writes: give the primary's URL"
        return
    if not safe:
        yield "warning", f"{shown} has fsync = off: a power cut may lose what was committed"
    if not durable:
        yield "problem", f"{shown} has synchronous_commit = off: a crash loses commits"
    if exists(place.url, place.schema):
        fine = f"PostgreSQL {version}, with a store in the schema {place.schema}"
        yield "ok", f"{shown} answers: {fine}"
    else:
        yield "ok", f"{shown} has no schema {place.schema} with a store; `fqlc run` creates it"
