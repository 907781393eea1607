"""Events written in the application's own transaction: by hand (`emit`) or by triggers (capture).

The outbox is one table, `fql_outbox`, in the application's database: its rows are committed
together with the rows of the application or not at all. `fql.intake.sqlite.source` reads it.

What `emit` needs is imported on first use: stores are in this package's neighbourhood, and a look
at one needs no plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fql.outbox.transaction import emit, emit_async

__all__ = ["emit", "emit_async"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'fql.outbox' has no attribute {name!r}")
    from fql.outbox import transaction

    return getattr(transaction, name)
