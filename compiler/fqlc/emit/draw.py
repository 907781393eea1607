"""DOT to svg and png by a program: `dot` where it is installed, else graphviz-pure."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

FORMATS = ("svg", "png", "pdf")
SECONDS = 120


class DrawingFailed(Exception):
    """No program can draw the format, or it failed; the message says why."""


def find_program(form: str) -> str | None:
    """The program that draws a format. graphviz-pure is beside the interpreter; it draws no
    pdf."""
    found = shutil.which("dot")
    if found is not None or form == "pdf":
        return found
    beside = Path(sys.executable).parent / "graphviz-pure"
    for place in (beside, beside.with_suffix(".exe")):
        if place.is_file():
            return str(place)
    return shutil.which("graphviz-pure")


def draw(source: str, form: str) -> bytes:
    """The picture of a DOT text. Raises DrawingFailed."""
    program = find_program(form)
    if program is None:
        raise DrawingFailed(
            "a pdf needs the program `dot` of Graphviz" if form == "pdf" else "no program draws it"
        )
    try:
        done = subprocess.run(  # noqa: S603 - a program we found ourselves, the text on its input
            [program, f"-T{form}"],
            input=source.encode("utf-8"),
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DrawingFailed(f"{program} failed: {error}") from None
    if done.returncode or not done.stdout:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise DrawingFailed(f"{program} failed: {words[-1] if words else 'no output'}")
    return done.stdout
