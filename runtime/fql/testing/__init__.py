"""What tests of applications use: a real receiver, a harness without a network, faults to play.

Names are imported on first use, so that the pytest plugin costs nothing where it is not used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fql.plan.web.addresses import LOOPBACK as LOOPBACK
    from fql.testing.harness import Harness as Harness
    from fql.testing.replies import Reply as Reply
    from fql.testing.replies import drip as drip
    from fql.testing.replies import hang as hang
    from fql.testing.replies import reset as reset
    from fql.testing.replies import retry_after as retry_after
    from fql.testing.server import MockWebhookServer as MockWebhookServer

_HOMES = {
    "Harness": "fql.testing.harness",
    "LOOPBACK": "fql.plan.web.addresses",
    "MockWebhookServer": "fql.testing.server",
    "Reply": "fql.testing.replies",
    "drip": "fql.testing.replies",
    "hang": "fql.testing.replies",
    "reset": "fql.testing.replies",
    "retry_after": "fql.testing.replies",
}

__all__ = [
    "LOOPBACK",
    "Harness",
    "MockWebhookServer",
    "Reply",
    "drip",
    "hang",
    "reset",
    "retry_after",
]


def __getattr__(name: str) -> object:
    """Import a public name on first use."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'fql.testing' has no attribute {name!r}")
    value: object = getattr(import_module(home), name)
    return value
