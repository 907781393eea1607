"""Identity: keys that stay the same through attempts, crashes, restarts and replays.

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


def form_hash(form: str) -> bytes:
    """The remembered form of what a sender knows a command by."""
    return _digest("form", form).digest()


def payload_hash(payload: bytes) -> bytes:
    """Tells whether a repeated key brought the same payload: 8 bytes."""
    return blake2b(payload, digest_size=8).digest()
