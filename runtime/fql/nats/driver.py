"""The client library of NATS, which is an extra."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fql.nats.connection import NatsConnection


def require_nats() -> None:
    """Raises SettingsError, with the pip command, where the extra `nats` is not installed."""
    import_module("fql.nats.link")


def nats_connection(urls: Sequence[str], credentials: str = "") -> NatsConnection:
    """A connection to the servers at `urls`, made at its first use. `credentials` are the path of
    a file or what is in it. Raises SettingsError, with the pip command where the extra `nats` is
    not installed."""
    require_nats()
    module = import_module("fql.nats.connection")
    made: NatsConnection = module.NatsConnection(urls, credentials)
    return made
