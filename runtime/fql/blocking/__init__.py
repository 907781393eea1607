"""The runtime for programs without an event loop: Flask, Django, scripts.

The engine runs in a thread of its own with a loop of its own; every call here waits for it.
"""

from fql.blocking.client import Client
from fql.blocking.runtime import Runtime

__all__ = ["Client", "Runtime"]
