"""What differs between an operation of one contract and the same of another. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fql.exact.writing import canonical_json
from fqlc.cli.contract.uses import Used
from fqlc.contracts.library import Contracts
from fqlc.contracts.model import Operation
from fqlc.contracts.written import bare_of

_MOST = 20
_GONE = object()


@dataclass(frozen=True, slots=True)
class Drift:
    """One operation in use that is not what it was: what differs, a line each."""

    operation: str
    by: tuple[str, ...]
    lines: tuple[str, ...]


def drifts(used: Sequence[Used], contracts: Contracts, file: str) -> Iterator[Drift]:
    """The operations in use that another document has otherwise. Raises FaultyContract."""
    paths = contracts.paths(file)
    for one in used:
        was = one.operation
        if was.method not in paths.get(was.path, {}):
            yield Drift(was.name, one.by, ("it is gone",))
            continue
        now = contracts.operation(file, was.method, was.path)
        if now.sha256 != was.sha256:
            yield Drift(was.name, one.by, tuple(_drift_lines(was, now)))


def _drift_lines(was: Operation, now: Operation) -> Iterator[str]:
    changes = list(_differences(bare_of(was), bare_of(now), ""))
    yield from changes[:_MOST]
    if len(changes) > _MOST:
        yield f"and {len(changes) - _MOST} more"


def _differences(was: object, now: object, at: str) -> Iterator[str]:
    if was == now:
        return
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        for key in sorted({*was, *now}, key=str):
            yield from _differences(was.get(key, _GONE), now.get(key, _GONE), f"{at}/{key}")
    elif was is _GONE:
        yield f"+ {at}: {_short(now)}"
    elif now is _GONE:
        yield f"- {at}"
    else:
        yield f"~ {at}: {_short(was)} -> {_short(now)}"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else canonical_json(value).decode()
    return text if len(text) <= 60 else f"{text[:57]}..."
