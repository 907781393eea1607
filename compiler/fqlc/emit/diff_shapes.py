"""How what is sent changes its shape: bodies and headers, key by key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fqlc.emit.picture import condition_text, shortened

Stored = Mapping[str, Any]
_WIDE = 60


def body_changes(old: Stored | None, new: Stored | None) -> str:
    """What changes in a body, in words; empty where nothing does. None is the default body."""
    if old is None or new is None:
        if old is new:
            return ""
        return "it is the event again" if new is None else "it was the whole event before"
    return "; ".join(_changes("", old, new))


def _changes(place: str, old: Stored, new: Stored) -> Iterator[str]:
    if old == new:
        return
    if old["op"] == new["op"] == "object" and _plain(old) and _plain(new):
        yield from _object(place, _entries(old), _entries(new))
    elif old["op"] == new["op"] == "each":
        yield from _changes(f"{place}[]", old["body"], new["body"])
    else:
        yield _changed(place, old, new)


def _changed(place: str, old: Stored, new: Stored) -> str:
    subject = f"`{place}` is" if place else "it is"
    before, after = _shown(old), _shown(new)
    if before == after:
        return f"{subject} {new['t']}, before {old['t']}"
    return f"{subject} {after}, before {before}"


def _plain(value: Stored) -> bool:
    """True when all keys are written out, none spread."""
    return all("key" in entry for entry in value["entries"])


def _entries(value: Stored) -> dict[str, Stored]:
    return {str(entry["key"]): entry["value"] for entry in value["entries"]}


def _object(place: str, old: Mapping[str, Stored], new: Mapping[str, Stored]) -> Iterator[str]:
    names = {key: f"{place}.{key}" if place else key for key in (*old, *new)}
    yield from (f"new `{names[key]}`" for key in new if key not in old)
    yield from (f"gone `{names[key]}`" for key in old if key not in new)
    for key in old:
        if key in new:
            yield from _changes(names[key], old[key], new[key])


def header_changes(old: Sequence[Stored], new: Sequence[Stored]) -> str:
    """What changes in headers, in words; their names count without case."""
    before = {h["name"].lower(): h for h in old or ()}
    after = {h["name"].lower(): h for h in new or ()}
    parts = [f"new `{h['name']}`" for key, h in after.items() if key not in before]
    parts += [f"gone `{h['name']}`" for key, h in before.items() if key not in after]
    parts += [
        f"`{h['name']}` is {_shown(after[key]['value'])}, before {_shown(h['value'])}"
        for key, h in before.items()
        if key in after and after[key]["value"] != h["value"]
    ]
    return "; ".join(parts)


def _shown(stored: Stored) -> str:
    return f"`{shortened(condition_text(stored), _WIDE)}`"
