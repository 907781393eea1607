"""Showing a page in a browser, where there is a display for one."""

from __future__ import annotations

import os
import sys
import tempfile
import webbrowser
from collections.abc import Mapping
from pathlib import Path

from fql.terminal.lines import data


def page_file() -> str:
    """A new file for a page, which stays: a browser may be slow to read it."""
    with tempfile.NamedTemporaryFile(prefix="fqlc-graph-", suffix=".html", delete=False) as file:
        return file.name


def has_display(environment: Mapping[str, str], platform: str) -> bool:
    """Whether a browser could show anything. Pure."""
    if platform in ("win32", "darwin"):
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def open_page(file: str) -> None:
    """Show a file; without a display, or where no browser takes it, print its path."""
    if not (
        has_display(os.environ, sys.platform) and webbrowser.open(Path(file).resolve().as_uri())
    ):
        data(file)
