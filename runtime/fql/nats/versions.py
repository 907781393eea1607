"""Which servers are new enough."""

from __future__ import annotations

from fql.errors import SettingsError
from fql.nats.link import Link


def version_of(link: Link) -> tuple[int, int]:
    """The version of the server that is connected: major and minor."""
    version = link.client.connected_server_version
    return version.major, version.minor


def require_version(link: Link, oldest: tuple[int, int], what: str) -> None:
    """Raises SettingsError where the server is older than `what` needs."""
    found = version_of(link)
    if found < oldest:
        shown, needed = (".".join(map(str, one)) for one in (found, oldest))
        raise SettingsError(
            f"{link.shown} is version {shown}, and {what} needs {needed} or later",
            hint="upgrade the server",
        )
