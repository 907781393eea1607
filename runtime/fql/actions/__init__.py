"""What nodes do: one small file a kind, behind one port.

`Retry` and `Permanent` are what a function of a `call` may raise; `Delivery` is what it gets when
it has a parameter `delivery`.
"""

from fql.actions.port import Delivery
from fql.actions.raised import Permanent, Retry

__all__ = ["Delivery", "Permanent", "Retry"]
