"""The reference of all keys, printed from the table that the checker reads."""

from __future__ import annotations

from collections.abc import Iterator

from fql.plan.policy.keys import Key
from fqlc.checks.describe import bound_text
from fqlc.checks.table.blocks import BLOCKS, keys_of
from fqlc.checks.table.keys import BlockKind

INTRODUCTION = """\
# Keys

Every key of every block. `python -m tests.accept` prints this page from the table that the checker
reads. Keys marked *policy* are inherited: action, observer, endpoint, `defaults`,
`fql.toml`, built-in default, merged key by key; `key: null` returns to the built-in default.
"""


def keys_page() -> str:
    """The page in Markdown."""
    return "\n".join([INTRODUCTION, *(line for b in BLOCKS.values() for line in _block(b))])


def _block(block: BlockKind) -> Iterator[str]:
    yield f"## `{block.name}`\n"
    yield f"{block.doc}\n"
    yield "| key | takes | required | default | range | `fql.toml` | meaning |"
    yield "|---|---|---|---|---|---|---|"
    for name, key in keys_of(block):
        cells = (
            f"`{name}`",
            _kind(key),
            "yes" if key.required else "",
            f"`{key.default}`" if key.default else "",
            _range(key),
            f"`{key.toml}`" if key.toml else "",
            key.doc + (" *policy*" if key.policy else ""),
        )
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
    yield ""


def _kind(key: Key) -> str:
    if key.words:
        return ", ".join(f"`{word}`" for word in key.words)
    return key.kind.value


def _range(key: Key) -> str:
    return f"{bound_text(key, 'least')} to {bound_text(key, 'most')}" if key.range else ""
