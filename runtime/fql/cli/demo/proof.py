"""What the receiver's ledger proves. Pure: entries in, counts and faults out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One request that the receiver got, in order of arrival. `answered` is the status it gave,
    0 when it closed the connection."""

    path: str
    key: str
    answered: int

    @property
    def order(self) -> str:
        """The order that it is about."""
        return self.path.rpartition("/")[2]

    @property
    def action(self) -> str:
        """The action that sent it."""
        return self.path.split("/")[1]


@dataclass(frozen=True, slots=True)
class Proof:
    """`faults` is empty when every promise was kept; each fault is a sentence."""

    expected: int
    delivered: int
    requests: int
    refused: int
    repeated: int
    faults: tuple[str, ...]


def prove(expected: Collection[str], ledger: Sequence[Entry]) -> Proof:
    """Compare the ledger with what the rows of the database demand."""
    delivered = {entry.path for entry in ledger if entry.answered == 200}
    faults = [
        *_some("never delivered", sorted(set(expected) - delivered)),
        *_some("delivered without a reason", sorted(delivered - set(expected))),
        *_some("sent with more than one key", _several_keys(ledger)),
        *_some("sent before the stock was told", _out_of_order(ledger)),
        *_some("sharing their key with another", _shared_keys(ledger)),
    ]
    successes = sum(entry.answered == 200 for entry in ledger)
    return Proof(
        expected=len(expected),
        delivered=len(delivered & set(expected)),
        requests=len(ledger),
        refused=len(ledger) - successes,
        repeated=successes - len(delivered),
        faults=tuple(faults),
    )


def _some(what: str, paths: Sequence[str]) -> list[str]:
    return [f"{len(paths)} {what}, such as {paths[0]}"] if paths else []


def _several_keys(ledger: Sequence[Entry]) -> list[str]:
    keys: dict[str, set[str]] = {}
    for entry in ledger:
        keys.setdefault(entry.path, set()).add(entry.key)
    return sorted(path for path, found in keys.items() if len(found) > 1 or "" in found)


def _shared_keys(ledger: Sequence[Entry]) -> list[str]:
    paths: dict[str, set[str]] = {}
    for entry in ledger:
        paths.setdefault(entry.key, set()).add(entry.path)
    return sorted(path for found in paths.values() if len(found) > 1 for path in found)


def _out_of_order(ledger: Sequence[Entry]) -> list[str]:
    """Followers that came before the first success of `stock` for the same order."""
    told: set[str] = set()
    early = []
    for entry in ledger:
        if entry.action == "stock":
            if entry.answered == 200:
                told.add(entry.order)
        elif entry.order not in told:
            early.append(entry.path)
    return early
