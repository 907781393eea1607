"""The published schemas in the reference; `python -m tests.accept` writes them."""

from __future__ import annotations

from pathlib import Path

from fql.published.schemas import PUBLISHED, file_of, schema_text

FOLDER = Path(__file__).parents[2] / "docs/reference/schemas"


def files() -> dict[str, str]:
    """The text of each file by its name."""
    return {file_of(name): schema_text(name) for name in PUBLISHED}
