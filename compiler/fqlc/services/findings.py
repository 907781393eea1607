"""What is wrong in a file, as editors show it."""

from __future__ import annotations

from fqlc.services.answers import Finding, Findings
from fqlc.services.snapshot import Snapshot

MOST_FINDINGS = 1_000
"""Findings of a file that are shown; the rest is counted."""

_UNNECESSARY = frozenset({"FQL207", "FQL208", "FQL306"})
"""Codes of what can be removed without any effect."""


def findings(snapshot: Snapshot, path: str) -> Findings:
    """The diagnostics of a file as it was checked, in order."""
    found = [d for d in snapshot.diagnostics if d.span.path == path]
    shown = tuple(Finding(d, d.code in _UNNECESSARY) for d in found[:MOST_FINDINGS])
    return Findings(shown, len(found) - len(shown))
