"""What may be done about a name that is unknown but similar to one that is there."""

from __future__ import annotations

from fqlc.diagnostics.model import Edit, Fix
from fqlc.source.text import Span


def similar_fix(written: str, meant: str | None, span: Span, *, alias: bool = False) -> Fix | None:
    """The fix that writes what was meant; None where that is not known. Safe where only the case
    differs, and for an `alias`: what other systems call the same. Any other likeness is a guess:
    `price_new` may be a name that is still to be declared, and not `price_net`."""
    if not meant:
        return None
    return Fix((Edit(span, meant),), safe=alias or written.lower() == meant.lower())
