"""Answers that are written out, as those of `test` blocks, judged by all keywords."""

from __future__ import annotations

from fqlc.contracts.judging.validating import NotJudged, failing
from fqlc.contracts.model import Operation
from fqlc.contracts.shapes import schemas_with


def broken_by(operation: Operation, status: int, body: object) -> str | None:
    """Why no answer of a status has such a body, in words; None where one does, or where that
    cannot be told."""
    found: list[str] = []
    for schema in schemas_with(operation, status):
        try:
            broken = failing(schema.document(), body)
        except NotJudged:
            return None
        if not broken:
            return None
        found += broken
    return f"it breaks `{found[0]}`" if found else None
