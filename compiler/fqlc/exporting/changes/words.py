"""How expressions change, and what is sent: bodies and headers, key by key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass

from fql.plan.language import expressions as x
from fql.plan.language.nodes import dump_expression, load_expression
from fql.plan.model import Header, Json
from fql.plan.show import show
from fqlc.emit.picture import condition_text, shortened

_WIDE = 60


def body_changes(old: Json | None, new: Json | None) -> str:
    """What changes in a body, in words; empty where nothing does. None is the default body."""
    if old is None or new is None:
        if old is new:
            return ""
        return "it is the event again" if new is None else "it was the whole event before"
    return "; ".join(_changes("", load_expression(old), load_expression(new)))


def _changes(place: str, old: x.Expr, new: x.Expr) -> Iterator[str]:
    before, after = dump_expression(old), dump_expression(new)
    if before == after:
        return
    if isinstance(old, x.ObjectOf) and isinstance(new, x.ObjectOf) and _plain(old) and _plain(new):
        yield from _object(place, _entries(old), _entries(new))
    elif isinstance(old, x.Each) and isinstance(new, x.Each):
        yield from _changes(f"{place}[]", old.body, new.body)
    else:
        yield f"{f'`{place}`' if place else 'it'} {was_and_is(before, after)}"


def was_and_is(old: Json | None, new: Json | None, without: str = "nothing") -> str:
    """Two expressions that differ, in words: their texts where these differ, else the types that
    changed below the same words. `without` names an expression that is not there."""
    before, after = (condition_text(one) or without for one in (old, new))
    if before != after:
        shown, former = shortened_apart(after, before, _WIDE)
        return f"is `{shown}`, previously `{former}`"
    if old is None or new is None or old == new:
        return f"is `{shortened(after, _WIDE)}` as before"
    one, other = load_expression(old), load_expression(new)
    (text, now, then), *_ = (*retyped(one, other), (after, str(other.type), str(one.type)))
    if now == then:
        return f"is `{shortened(after, _WIDE)}` as before, in a new version of its language"
    whole = "is" if text == after else f"reads as before, but `{text}` is"
    return f"{whole} {now}, previously {then}"


def retyped(old: object, new: object) -> Iterator[tuple[str, str, str]]:
    """The innermost parts that have the same words in both but other types: text, type now and
    type before."""
    pairs = zip(_parts(old), _parts(new), strict=False)
    inner = [found for one, other in pairs for found in retyped(one, other)]
    yield from inner
    if inner or not isinstance(old, x.Node) or not isinstance(new, x.Expr):
        return
    if old.type != new.type:
        yield show(new), str(new.type), str(old.type)


def _parts(of: object) -> Sequence[object]:
    """What an expression, an entry or a part of a text is made of; of a chain all operands."""
    if isinstance(of, tuple):
        return of
    if isinstance(of, x.Binary):
        return x.operands(of)
    if not is_dataclass(of):
        return ()
    return [getattr(of, each.name) for each in fields(of) if each.name not in ("type", "at")]


def shortened_apart(one: str, other: str, width: int) -> tuple[str, str]:
    """Two texts that differ, each cut to `width` characters so that the first difference shows."""
    same = next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    start = 0 if max(len(one), len(other)) <= width else max(0, same - width // 3)
    lead = "…" if start else ""
    return tuple(shortened(f"{lead}{text[start:]}", width) for text in (one, other))  # type: ignore[return-value]


def _plain(value: x.ObjectOf) -> bool:
    """True when all keys are written out, none spread."""
    return all(entry.key is not None for entry in value.entries)


def _entries(value: x.ObjectOf) -> dict[str, x.Expr]:
    return {str(entry.key): entry.value for entry in value.entries}


def _object(place: str, old: Mapping[str, x.Expr], new: Mapping[str, x.Expr]) -> Iterator[str]:
    names = {key: f"{place}.{key}" if place else key for key in (*old, *new)}
    yield from (f"new `{names[key]}`" for key in new if key not in old)
    yield from (f"gone `{names[key]}`" for key in old if key not in new)
    for key in old:
        if key in new:
            yield from _changes(names[key], old[key], new[key])
    kept = [key for key in new if key in old]
    if kept != [key for key in old if key in new]:
        yield f"{f'the keys of `{place}`' if place else 'its keys'} are in a different order"


def header_changes(old: Sequence[Header], new: Sequence[Header]) -> str:
    """What changes in headers, in words; their names count without case."""
    before, after = ({h.name.lower(): h for h in headers} for headers in (old, new))
    parts = [f"new `{h.name}`" for key, h in after.items() if key not in before]
    parts += [f"gone `{h.name}`" for key, h in before.items() if key not in after]
    parts += [
        f"`{h.name}` {was_and_is(h.value, after[key].value)}"
        for key, h in before.items()
        if key in after and after[key].value != h.value
    ]
    return "; ".join(parts)
