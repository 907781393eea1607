"""Identity: keys that stay the same over attempts, crashes, restarts and replays.

Each is a BLAKE2b hash (RFC 7693) of its parts, each part led by its length, so that no two lists
of parts give the same bytes. Written in hexadecimal: safe in any header.
"""

from __future__ import annotations

from hashlib import blake2b


def _digest(*parts: str) -> blake2b:
    text = ""
    for part in parts:
        text += f"{len(part)}:{part}"
    if text.isascii():  # as nearly always: a length in characters is one in bytes
        return blake2b(text.encode(), digest_size=16)
    encoded = [part.encode() for part in parts]
    return blake2b(b"".join([b"%d:%b" % (len(p), p) for p in encoded]), digest_size=16)


def run_key(incarnation: str, position: str, observer: str) -> str:
    """The root of all delivery keys of one observer for one event."""
    return _digest("run", incarnation, position, observer).hexdigest()


def delivery_key(root: str, node: str) -> str:
    """What the receiver sees as `webhook-id` for one node of a run."""
    return _digest("node", root, node).hexdigest()


def batch_key(node: str, member_roots: list[str]) -> str:
    """What the receiver sees for a sealed batch: a function of its members in their order."""
    return _digest("batch", node, *member_roots).hexdigest()


def fresh_key(root: str, node: str, salt: str) -> str:
    """A key on purpose unlike the first, for `runs resend --new-key`."""
    return _digest("fresh", root, node, salt).hexdigest()


def dedup_hash(source: str, key: str) -> bytes:
    """The remembered form of an event's `key` or `id`: 16 bytes."""
    return _digest("key", source, key).digest()


def position_hash(incarnation: str, position: str) -> bytes:
    """The remembered form of a position, for sources without an order."""
    return _digest("position", incarnation, position).digest()


def payload_hash(payload: bytes) -> bytes:
    """Tells whether a repeated key brought the same payload: 8 bytes."""
    return blake2b(payload, digest_size=8).digest()


def run_name(run: int) -> str:
    """A run's id as people see it."""
    return f"run_{run:x}"


def batch_name(batch: int) -> str:
    """A batch's id as people see it."""
    return f"bat_{batch:x}"


def event_name(event: int) -> str:
    """A receipt's id as people see it."""
    return f"evt_{event:x}"


def letter_name(run: int, node: str) -> str:
    """A dead letter's id: one for each node of a run, so that a failed replay keeps it."""
    return f"dlq_{run:x}_{node}"


def parse_name(name: str) -> int | None:
    """The number behind `run_...`, `bat_...`, `evt_...`; None for anything else."""
    prefix, _, digits = name.partition("_")
    if prefix not in ("run", "bat", "evt"):
        return None
    try:
        return int(digits, 16)
    except ValueError:
        return None
