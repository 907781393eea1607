"""Stores as older versions left them, and what opens them for tests."""

from __future__ import annotations

import gzip
from pathlib import Path

HERE = Path(__file__).parent


def unpacked(folder: Path, name: str, form: int = 1) -> Path:
    """A copy of `name` of format `form` in `folder`; its path."""
    path = folder / name
    path.write_bytes(gzip.decompress((HERE / f"format_{form}" / f"{name}.gz").read_bytes()))
    return path


def plan_file(name: str, form: int = 1) -> Path:
    """The compiled plan `first` or `second`."""
    return HERE / f"format_{form}" / f"{name}.plan.json"
