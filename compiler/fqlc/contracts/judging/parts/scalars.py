"""Texts, numbers and Booleans that an event brings, compared with one part of a schema."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fqlc.contracts.judging.findings import Finding, Judgement, Note, error, warning
from fqlc.contracts.judging.formats import CHECKED, MEANT, OWN, has_format
from fqlc.contracts.judging.wire.values import Scalar
from fqlc.contracts.judging.words import listed
from fqlc.contracts.model import Schema

UNSEEN = (
    "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "multipleOf", "contentEncoding", "contentMediaType",
)  # fmt: skip
"""Keywords about what a value is, which is not known before it is there."""

_OF_TEXTS = frozenset({"pattern", "minLength", "maxLength", "contentEncoding", "contentMediaType"})


def judge_scalar(value: Scalar, part: Schema) -> Judgement:
    """Members and format; the rest is noted."""
    found = _members(value, part) or _format(value, part)
    return Judgement(tuple(found), tuple(_notes(value, part)))


def _notes(value: Scalar, part: Schema) -> Iterator[Note]:
    text = any("string" in reading for reading in value.readings)
    number = any(reading & {"integer", "number"} for reading in value.readings)
    for keyword in UNSEEN:
        if keyword in part.raw and (text if keyword in _OF_TEXTS else number):
            yield Note(keyword, part.place)
    if part.format and part.format not in CHECKED and (text or number):
        yield Note("format", part.place)
    if part.format in CHECKED and value.of == "ID":
        yield Note("format", part.place)


def _members(value: Scalar, part: Schema) -> list[Finding]:
    allowed = part.members
    if allowed is None:
        return []
    there = f"takes {listed(allowed)}"
    own = _own_members(value)
    if own is None:
        if value.of == "Sealed":
            says = f"is encrypted, but the contract takes only {listed(allowed)}"
            return [error("FQL415", says, value, (part.place, there), "encrypted")]
        says = f"can be any `{value.shown}`, but the contract takes only {listed(allowed)}"
        return [
            warning(
                "FQL415",
                says,
                value,
                (part.place, there),
                f"any `{value.shown}`",
                help=('say which it is: `if ... then "..." else "..."`',),
            )
        ]
    outside = [member for member in own if member not in allowed]
    if not outside:
        return []
    never = len(outside) == len(own)
    verb = "is" if len(outside) == 1 else "are"
    says = (
        f"is never one of what the contract takes: {listed(allowed)}"
        if never
        else f"can be {listed(outside)}, which {verb} not in the contract"
    )
    help_ = "translate them with `.case({ ... })`, or leave them to another condition"
    return [
        (error if never else warning)(
            "FQL415", says, value, (part.place, there), f"`{value.shown}`", help=(help_,)
        )
    ]


def _own_members(value: Scalar) -> Sequence[object] | None:
    return (True, False) if value.of == "Boolean" else value.members


def _format(value: Scalar, part: Schema) -> list[Finding]:
    """A format is about texts: of a number, nothing is asked."""
    name = part.format
    is_text = all(reading == {"string"} for reading in value.readings)
    if name not in CHECKED or not is_text or OWN.get(value.of) == name:
        return []
    there, label = f"format `{name}`", f"`{value.shown}`"
    if value.of == "String":
        return [
            warning(
                "FQL413",
                f"can be any text, but the contract asks for `format: {name}`",
                value,
                (part.place, there),
                label,
                help=_advice(name),
            )
        ]
    if value.members is not None:
        wrong = [m for m in value.members if not has_format(m, name)]
        if not wrong:
            return []
        never = len(wrong) == len(value.members)
        says = f"can be {listed(wrong)}, but the contract asks for `format: {name}`"
        return [(error if never else warning)("FQL413", says, value, (part.place, there), label)]
    if (value.of, name) in _BOTH:
        return []
    says = f"is {_what(value)}, but the contract asks for `format: {name}`"
    return [error("FQL413", says, value, (part.place, there), label)]


_BOTH = frozenset({("UUID", "hostname")})
"""Formats that the texts of a type have besides their own."""


def _advice(name: str) -> tuple[str, ...]:
    of = MEANT.get(name)
    if of is None:
        return ("if it always has this format, allow the warning and say why",)
    return (f"declare it as `{of}`, whose texts have this format",)


def _what(value: Scalar) -> str:
    return value.shown if value.of == "Sealed" else f"sent as the text of a `{value.shown}`"
