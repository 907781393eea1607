"""How commands write files: whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from fql.errors import advice_on_file
from fqlc.project.errors import SurroundingsError


def write_whole(path: str, content: bytes) -> None:
    """Put this content into the place of a file, at once: nobody ever reads half of it. A link
    stays a link, and what is not a file, such as a device or a pipe, is written to. Raises
    SurroundingsError."""
    place = Path(os.path.realpath(path))
    try:
        if place.exists() and not place.is_file():
            place.write_bytes(content)
        else:
            _replace(place, content)
    except OSError as error:
        reason = error.strerror or str(error)
        advice = advice_on_file(error, written=True)
        raise SurroundingsError(f"{path} cannot be written: {reason}", advice) from None


def _replace(place: Path, content: bytes) -> None:
    mode = place.stat().st_mode & 0o7777 if place.exists() else 0o666 & ~_umask()
    with tempfile.NamedTemporaryFile(dir=place.parent, prefix=".fqlc-", delete=False) as file:
        beside = Path(file.name)
        try:
            file.write(content)
        except OSError:
            beside.unlink(missing_ok=True)
            raise
    try:
        beside.chmod(mode)
        beside.replace(place)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
