"""What nodes do: one small file a kind, behind one port.

`Retry` and `Permanent` are what a function of a `call` may raise; `Delivery` is what it gets when
it has a parameter `delivery`. `ActionKind` is what a package implements for a further kind.
"""

from fql.actions.calls.kind import ActionKind, KindNode
from fql.actions.calls.raised import Permanent, Retry
from fql.actions.port import Delivery, Outcome

__all__ = ["ActionKind", "Delivery", "KindNode", "Outcome", "Permanent", "Retry"]
