"""The contracts that declarations name: their bytes are part of what an answer depends on."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from hashlib import sha256

from fqlc.checks.late_contracts import LateContracts

_FILE = re.compile(r"""["']([^"'\\\n#]+\.(?:json|yaml|yml))(?:#[^"'\n]*)?["']""")
_ESCAPED = re.compile(r"contract\s*:[^\\]{0,300}\\")


class Stamps:
    """Digests of the contracts that texts name."""

    def __init__(self, contracts: LateContracts) -> None:
        self._contracts = contracts
        self._known: dict[str, Mapping[str, str | None]] = {}

    def __call__(self, path: str, text: str) -> str | None:
        """The digest for a text in a file; empty where it names no contract, None where it may name
        one by escapes, which only the compiler reads."""
        if "contract" not in text:
            return ""
        if _ESCAPED.search(text):
            return None
        seen: dict[str, str | None] = {}
        for written in _FILE.findall(text):
            beside = posixpath.join(posixpath.dirname(path), written)
            seen.update(self._files(posixpath.normpath(beside)))
        return sha256(repr(sorted(seen.items(), key=str)).encode()).hexdigest() if seen else ""

    def files(self, read: Callable[[str], bytes | None]) -> dict[str, bytes | None]:
        """The bytes of all of them."""
        return {path: read(path) for files in self._known.values() for path in files}

    def keep(self) -> None:
        """Put what is new on the shelf, before jobs look there."""
        self._contracts.keep()

    def _files(self, contract: str) -> Mapping[str, str | None]:
        if contract not in self._known:
            self._known[contract] = self._contracts.opened().files(contract)
        return self._known[contract]
