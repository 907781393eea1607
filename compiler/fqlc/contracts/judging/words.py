"""How messages name kinds of values and what a contract asks for."""

from __future__ import annotations

from collections.abc import Iterable

from fqlc.contracts.judging.wire.values import Either, Items, Record, Scalar, Value, Whole

_KINDS = {
    "string": "a text", "integer": "a whole number", "number": "a number", "array": "a list",
    "boolean": "`true` or `false`", "object": "an object", "null": "null",
}  # fmt: skip
_ORDER = tuple(_KINDS)
_LONGEST = 60
_MOST = 6


def kinds(names: Iterable[str]) -> str:
    """Kinds of JSON values: `a text or a number`."""
    given = set(names)
    if "number" in given:
        given.discard("integer")
    return joined([_KINDS.get(n, n) for n in sorted(given, key=_place)])


def _place(name: str) -> int:
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


def joined(words: list[str], last: str = "or") -> str:
    """Words of a sentence: `a, b or c`."""
    return " ".join((", ".join(words[:-1]), last, words[-1])) if len(words) > 1 else "".join(words)


def sent(value: Value) -> str:  # noqa: PLR0911 - one line a kind
    """What is sent at a position: `a text (Decimal)`."""
    match value:
        case Record():
            return "an object"
        case Items():
            return "a list"
        case Whole():
            return shown(value.forms[0])
        case Scalar(of="Sealed"):
            return value.shown
        case Scalar():
            reading = value.readings[0 if value.of == "String" else -1]
            return f"{kinds(reading)} (`{value.shown}`)"
        case Either(values=values):
            return joined(list(dict.fromkeys(map(sent, values))))
    return "a value"


def shown(value: object) -> str:
    """A value of JSON in backticks, cut where it is long."""
    from fql.exact.writing import json_text

    text = json_text(value)
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST - 1]}…"
    return f"`{text}`".replace("``", "` `")


def listed(values: Iterable[object]) -> str:
    """Some values of JSON: `"a"`, `"b"` or `"c"`, cut where there are many."""
    found = [shown(value) for value in values]
    if len(found) > _MOST:
        return f"{', '.join(found[:_MOST])} and {len(found) - _MOST} more"
    return joined(found)
