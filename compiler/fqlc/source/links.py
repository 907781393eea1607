"""Where paths lead over links."""

from __future__ import annotations

import os
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Links:
    """Follows links, each folder once: a project has many files in few folders."""

    _folders: dict[str, str] = field(default_factory=dict, compare=False)

    def real(self, path: str) -> str:
        """The path without links in it; the file need not be there. Raises OSError or ValueError
        for a name that cannot be."""
        folder, name = os.path.split(path)
        if name in ("", os.curdir, os.pardir):
            return os.path.realpath(path)
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        whole = os.path.join(self._folders[folder], name)  # noqa: PTH118 - texts are quicker
        return os.path.realpath(whole) if os.path.islink(whole) else whole  # noqa: PTH114


def is_below(path: str, folder: str) -> bool:
    """True for a path without links that is a folder, or within it."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
