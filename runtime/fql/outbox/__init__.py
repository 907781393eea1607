"""Events written in the application's own transaction: by hand (`emit`) or by triggers (capture).

The outbox is one table, `fql_outbox`, in the application's database: its rows are committed
together with the rows of the application or not at all. `fql.intake.sqlite.source` reads it.
"""

from fql.outbox.transaction import emit, emit_async

__all__ = ["emit", "emit_async"]
