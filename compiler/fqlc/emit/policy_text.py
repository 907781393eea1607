"""Values of policies as people write them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from fql.plan.policies import DEFAULTS
from fqlc.checks.table.blocks import BLOCKS, keys_of
from fqlc.checks.table.keys import Kind
from fqlc.checks.table.policy_keys import RETRY_KEYS
from fqlc.checks.table.texts import written
from fqlc.emit.picture import condition_text

_KINDS: Mapping[str, Kind] = {
    key: found.kind for block in BLOCKS.values() for key, found in keys_of(block)
} | {f"retry.{key.name}": key.kind for key in RETRY_KEYS}


def value_text(key: str, value: object) -> str:
    """The value of a policy, durations and sizes with units; texts keep their `${NAME}`."""
    kind = _KINDS.get(key)
    if kind in (Kind.DURATION, Kind.SIZE) and isinstance(value, int):
        return written(kind, value).strip("`")
    if isinstance(value, dict) and "op" in value:
        return condition_text(value)
    if isinstance(value, list):
        return f"[{', '.join(_items(key, value))}]"
    if value is None:
        default = DEFAULTS.get(key)
        return "not set" if default is None else f"{value_text(key, default)} (the default)"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _items(key: str, values: Sequence[object]) -> Iterator[str]:
    """The items of a list; three or more whole numbers in a row as `500..599`."""
    for _, group in groupby(enumerate(values), key=lambda at: _run(*at)):
        row = [value for _, value in group]
        if len(row) > 2 and isinstance(row[0], int):
            yield f"{row[0]}..{row[-1]}"
        else:
            yield from (value_text(key, item) for item in row)


def _run(at: int, value: object) -> object:
    """The same for whole numbers that follow each other, another for anything else."""
    return value - at if isinstance(value, int) and not isinstance(value, bool) else (at,)
