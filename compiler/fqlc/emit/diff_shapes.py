"""How expressions change, and what is sent: bodies and headers, key by key."""

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
    subject = f"`{place}`" if place else "it"
    return f"{subject} {was_and_is(old, new)}"


def was_and_is(old: Stored | None, new: Stored | None, without: str = "nothing") -> str:
    """Two expressions that differ, in words: their texts where these differ, else the types that
    changed below the same words. `without` names an expression that is not there."""
    before, after = (condition_text(one) or without for one in (old, new))
    if before != after:
        shown, former = shortened_apart(after, before, _WIDE)
        return f"is `{shown}`, before `{former}`"
    if old is None or new is None or old == new:
        return f"is `{shortened(after, _WIDE)}` as before"
    (text, now, then), *_ = (*retyped(old, new), (after, new["t"], old["t"]))
    if now == then:
        return f"is `{shortened(after, _WIDE)}` as before, in a new version of its language"
    whole = "is" if text == after else f"reads as before, but `{text}` is"
    return f"{whole} {now}, before {then}"


def retyped(old: object, new: object) -> Iterator[tuple[str, str, str]]:
    """The innermost parts that have the same words in both but other types: text, type now and
    type before."""
    if isinstance(old, list) and isinstance(new, list):
        for one, other in zip(old, new, strict=False):
            yield from retyped(one, other)
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return
    inner = [found for key in old if key in new for found in retyped(old[key], new[key])]
    yield from inner
    if not inner and "op" in old and old.get("t") != new.get("t"):
        yield condition_text(new), str(new.get("t")), str(old.get("t"))


def shortened_apart(one: str, other: str, width: int) -> tuple[str, str]:
    """Two texts that differ, each cut to `width` characters so that the first difference shows."""
    same = next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    start = 0 if max(len(one), len(other)) <= width else max(0, same - width // 3)
    lead = "…" if start else ""
    return tuple(shortened(f"{lead}{text[start:]}", width) for text in (one, other))  # type: ignore[return-value]


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
    kept = [key for key in new if key in old]
    if kept != [key for key in old if key in new]:
        yield f"{f'the keys of `{place}`' if place else 'its keys'} come in another order"


def header_changes(old: Sequence[Stored], new: Sequence[Stored]) -> str:
    """What changes in headers, in words; their names count without case."""
    before = {h["name"].lower(): h for h in old or ()}
    after = {h["name"].lower(): h for h in new or ()}
    parts = [f"new `{h['name']}`" for key, h in after.items() if key not in before]
    parts += [f"gone `{h['name']}`" for key, h in before.items() if key not in after]
    parts += [
        f"`{h['name']}` {was_and_is(h['value'], after[key]['value'])}"
        for key, h in before.items()
        if key in after and after[key]["value"] != h["value"]
    ]
    return "; ".join(parts)
