"""Names of the environment that set up the command. Names of the user do not begin with `FQLC_`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from fql.near import did_you_mean

PREFIX = "FQLC_"

NAMES = {
    "FQLC_SETTINGS": "--settings",
    "FQLC_STORE": "--store",
    "FQLC_FORMAT": "--format, where the command has that format",
    "FQLC_COLOR": "--color",
    "FQLC_QUIET": "-q, as a number; 2 is -qq",
    "FQLC_VERBOSE": "-v, as a number; 2 is -vv",
    "FQLC_CACHE_DIR": "the folder of the cache of compiles",
    "FQLC_NO_CACHE": "--no-cache",
}
"""Each name, and what it stands for. None stands for an option that destroys something."""


def unknown_names(environment: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The names that look like ours and are not, each with a hint. Pure."""
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in NAMES:
            yield name, did_you_mean(name, NAMES) or f"the names are {', '.join(NAMES)}"


def cache_folder(
    environment: Mapping[str, str], platform: str, home: Callable[[], Path]
) -> Path | None:
    """`FQLC_CACHE_DIR`, else the place for caches of the platform; None for somebody without a
    home, as in a container that runs as any user."""
    if chosen := environment.get("FQLC_CACHE_DIR"):
        return Path(chosen)
    with suppress(RuntimeError):
        return _platform_folder(environment, platform, home())
    return None


def _platform_folder(environment: Mapping[str, str], platform: str, home: Path) -> Path:
    if platform == "win32":
        return (
            Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local") / "fqlc" / "cache"
        )
    if platform == "darwin":
        return home / "Library" / "Caches" / "fqlc"
    return Path(environment.get("XDG_CACHE_HOME") or home / ".cache") / "fqlc"
