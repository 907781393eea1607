"""Values of policies as people write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fqlc.checks.reading.values import written
from fqlc.checks.table.blocks import BLOCKS, keys_of
from fqlc.checks.table.keys import Kind
from fqlc.checks.table.policy_keys import RETRY_KEYS
from fqlc.emit.picture import condition_text

_KINDS: Mapping[str, Kind] = {
    key: found.kind for block in BLOCKS.values() for key, found in keys_of(block)
} | {f"retry.{key.name}": key.kind for key in RETRY_KEYS}


def value_text(key: str, value: Any) -> str:
    """The value of a policy, durations and sizes with units; texts keep their `${NAME}`."""
    kind = _KINDS.get(key)
    if kind in (Kind.DURATION, Kind.SIZE) and isinstance(value, int):
        return written(kind, value).strip("`")
    if isinstance(value, Mapping) and "op" in value:
        return condition_text(value)
    if isinstance(value, list):
        return f"[{', '.join(value_text(key, item) for item in value)}]"
    if value is None:
        return "the built-in default"
    return str(value).lower() if isinstance(value, bool) else str(value)
