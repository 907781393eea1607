"""What is wrong in a file, as editors show it."""

from __future__ import annotations

from fqlc.services.answers import Finding, Findings
from fqlc.services.snapshot import Snapshot

MOST_FINDINGS = 1_000
"""Findings of a file that are shown; the rest is counted."""

_UNNECESSARY = frozenset({"FQL207", "FQL208", "FQL306"})
"""Codes of what can be removed without any effect."""

_DEPRECATED = "deprecated"
"""The label of what a contract has a newer form of."""


def findings(snapshot: Snapshot, path: str) -> Findings:
    """The diagnostics of a file as it was checked, in order."""
    found = [d for d in snapshot.diagnostics if d.span.path == path]
    shown = tuple(
        Finding(d, unnecessary=d.code in _UNNECESSARY, deprecated=d.label == _DEPRECATED)
        for d in found[:MOST_FINDINGS]
    )
    return Findings(shown, len(found) - len(shown))
