"""Where the outside suites are: FQL_CONFORMANCE, or `../shared/conformance` beside the project."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def suites() -> Path | None:
    """The folder of the suites, None where it is absent."""
    given = os.environ.get("FQL_CONFORMANCE")
    folder = Path(given) if given else PROJECT.parent / "shared" / "conformance"
    return folder if (folder / "cel").is_dir() else None
