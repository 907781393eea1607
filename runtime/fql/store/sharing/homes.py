"""Where work has its home: what has a memory belongs to a shard by its name. A shard is a column,
and no part of the intake. Pure."""

from __future__ import annotations

from hashlib import blake2b

from fql.exact.kinds import as_a, as_list
from fql.exact.reading import read_object
from fql.exact.writing import write_json
from fql.store.records import Hint

HINT = "hint"
"""The kind of inbox entry by which an engine tells the owner of a shard what it wrote there."""
FIRST = 0
"""The shard whose owner cleans up, copies dead letters, and takes what is for all engines."""


def home(text: str, count: int) -> int:
    """The shard, of so many, of what has this name."""
    if count == 1:
        return 0
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big") % count


def fair_share(count: int, live: int) -> int:
    """How many of the shards each of so many engines may have."""
    return -(-count // max(1, live))


def write_hint(hint: Hint) -> bytes:
    """The body of an entry."""
    parts = {"lanes": sorted(hint.lanes), "queued": hint.queued, "runs": hint.runs}
    return write_json({name: part for name, part in parts.items() if part})


def read_hint(body: bytes) -> Hint:
    """The hint in the body of an entry. Raises ValueError, TypeError for anything else."""
    parts = read_object(body)
    queued = [as_list(one) for one in as_list(parts.get("queued", []))]
    return Hint(
        {as_a(str, lane) for lane in as_list(parts.get("lanes", []))},
        [(as_a(str, key), as_a(int, run)) for key, run in queued],
        [as_a(int, run) for run in as_list(parts.get("runs", []))],
    )
