"""What the table of blocks is made of: kinds of blocks; and values that are none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from fql.plan.policy.keys import Key


@dataclass(frozen=True, slots=True)
class BlockKind:
    """A kind of block: its keys, and the kinds of blocks that may be in it."""

    name: str
    doc: str
    keys: tuple[Key, ...]
    blocks: tuple[str, ...] = ()
    named: bool = True
    flow: bool = False

    def key(self, name: str) -> Key | None:
        """The key of that name."""
        return next((k for k in self.keys if k.name == name), None)


class Mark(Enum):
    """Values that are not values: `BAD` was reported, `RESET` is `null`: the built-in default."""

    BAD = "bad"
    RESET = "reset"
