"""Several operations of one contract: what they share is read once, and each is as if alone."""

from __future__ import annotations

import json
from itertools import permutations

import pytest

from fqlc.contracts.library import Contracts

_A = {"$defs": {
    "Thing": {"type": "object", "properties": {"part": {"$ref": "#/$defs/Part"}}},
    "Part": {"type": "object", "properties": {"other": {"$ref": "b.json#/$defs/Thing"}}},
    "Ring": {"type": "array", "items": {"$ref": "#/$defs/Ring"}},
}}  # fmt: skip
_B = {"$defs": {
    "Thing": {"type": "object", "properties": {"ring": {"$ref": "a.json#/$defs/Ring"}}},
    "Both": {"anyOf": [{"$ref": "#/$defs/Thing"}, {"$ref": "a.json#/$defs/Thing"}]},
    "Turned": {"anyOf": [{"$ref": "a.json#/$defs/Thing"}, {"$ref": "#/$defs/Thing"}]},
}}  # fmt: skip
_YAML = b"""$defs:
  One: {properties: {x: &x {type: string, minLength: 2}}}
  Two: {properties: {y: *x, z: {$ref: "#/$defs/One"}}}
"""
_FILES = {"a.json": json.dumps(_A).encode(), "b.json": json.dumps(_B).encode(), "c.yaml": _YAML}
_ASKED = {"a.json": ("Thing", "Part", "Ring"), "b.json": ("Thing", "Both", "Turned"),
          "c.yaml": ("One", "Two")}  # fmt: skip


class _Shelf:
    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}

    def load(self, contract: str) -> bytes:
        return self.data.get(contract, b"")

    def save(self, contract: str, data: bytes) -> None:
        self.data[contract] = data


def _read(contracts: Contracts, file: str, name: str) -> object:
    return contracts.schemas(f"{file}#/$defs/{name}", None).stored


@pytest.mark.parametrize("file", _ASKED)
def test_what_was_read_before_changes_nothing(file: str) -> None:
    alone = {name: _read(Contracts(_FILES.get), file, name) for name in _ASKED[file]}
    for order in permutations(_ASKED[file]):
        contracts = Contracts(_FILES.get)
        assert {name: _read(contracts, file, name) for name in order} == alone


def test_what_operations_share_is_kept_once() -> None:
    big = {"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(1_000)}}
    schemas = {f"S{i}": {"items": {"$ref": "#/$defs/Big"}} for i in range(50)}
    files = {"s.json": json.dumps({"$defs": {"Big": big, **schemas}}).encode()}
    shelf = _Shelf()
    contracts = Contracts(files.get, shelf)
    found = {name: contracts.schemas(f"s.json#/$defs/{name}", None) for name in schemas}
    contracts.keep()
    assert len(shelf.data["s.json"]) < 3 * len(json.dumps(contracts.schemas(
        "s.json#/$defs/Big", None).stored))  # fmt: skip
    again = Contracts(files.get, shelf)
    assert found == {name: again.schemas(f"s.json#/$defs/{name}", None) for name in schemas}
    shelf.data.clear()
    again.keep()
    assert not shelf.data
