"""The code quality report of GitLab, which merge requests show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256

from fql.exact.writing import pretty_json
from fql.terminal.harmless import harmless
from fqlc.diagnostics.model import Diagnostic, Severity
from fqlc.diagnostics.render.places import place_of
from fqlc.source.text import SourceText

_LEVELS = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


def render_gitlab(found: Sequence[Diagnostic], sources: Mapping[str, SourceText]) -> str:
    """A list, which is empty where nothing was found."""
    seen: Counter[str] = Counter()
    return pretty_json([_issue(d, sources, seen) for d in found]).decode().rstrip("\n")


def _issue(
    diagnostic: Diagnostic, sources: Mapping[str, SourceText], seen: Counter[str]
) -> dict[str, object]:
    place = place_of(diagnostic.span, sources)
    message = harmless(diagnostic.message)
    same = f"{place.file}\0{diagnostic.code}\0{message}"
    seen[same] += 1
    return {
        "description": message,
        "check_name": diagnostic.code,
        "fingerprint": _fingerprint(same, seen[same]),
        "severity": _LEVELS[diagnostic.severity],
        "location": {
            "path": place.file,
            "lines": {"begin": place.line, "end": place.end_line},
        },
    }


def _fingerprint(same: str, number: int) -> str:
    """The same in the next report, though lines have moved."""
    return sha256(f"{same}\0{number}".encode()).hexdigest()
