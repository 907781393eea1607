"""Values that are written out, judged by all keywords."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fql.near import nearest, question
from fqlc.contracts.judging.findings import Finding, Remedy, error
from fqlc.contracts.judging.formats import has_format, in_range
from fqlc.contracts.judging.validating import failing
from fqlc.contracts.judging.wire.values import Items, Record, Value, Whole
from fqlc.contracts.judging.words import listed, shown
from fqlc.contracts.model import Schema

BOUNDS = (
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength",
    "maxLength", "pattern",
)  # fmt: skip
_ASKS = {
    "minimum": "at least {}", "maximum": "at most {}", "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}", "multipleOf": "multiples of {}",
    "minLength": "at least {} characters", "maxLength": "at most {} characters",
    "pattern": "what matches {}",
}  # fmt: skip


def judge_whole(value: Whole, form: object, part: Schema) -> list[Finding]:
    """What is wrong with a text, number, Boolean or null, by one part of a schema."""
    if part.members is not None and not any(same(form, one) for one in part.members):
        return [_outside(value, form, part)]
    name = part.format
    wrong = not has_format(form, name) if isinstance(form, str) else not in_range(form, name)
    if name and wrong:
        says = f"is {shown(form)}, but the contract asks for `format: {name}`"
        return [error("FQL413", says, value, (part.place, f"format `{name}`"), "another format")]
    return list(_beyond_bounds(value, form, part))


def _outside(value: Whole, form: object, part: Schema) -> Finding:
    from fql.exact.writing import json_text

    allowed = part.members or ()
    texts = [one for one in allowed if isinstance(one, str)]
    near = nearest(form, texts) if isinstance(form, str) else None
    says = f"is {shown(form)}, but the contract takes only {listed(allowed)}"
    remedy = None
    if near is not None and isinstance(form, str):
        remedy = Remedy("text", near, safe=near.lower() == form.lower())
    return error(
        "FQL415",
        says,
        value,
        (part.place, f"takes {listed(allowed)}"),
        "not taken",
        remedy=remedy,
        help=(question(json_text(near)),) if near is not None else (),
    )


def _beyond_bounds(value: Whole, form: object, part: Schema) -> Iterator[Finding]:
    asked = {keyword: part.raw[keyword] for keyword in BOUNDS if keyword in part.raw}
    if not asked:
        return
    for keyword in failing(asked, form):
        bound = asked.get(keyword)
        says = f"is {shown(form)}, but the contract takes {_ASKS[keyword].format(shown(bound))}"
        there = f"`{keyword}: {str(bound)[:60]}`"
        yield error("FQL415", says, value, (part.place, there), "beyond what is taken")


def same(left: object, right: object) -> bool:
    """Whether two values of JSON are equal: `1` and `1.0` are, `1` and `true` are not."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    return left == right


class Unknown(Exception):
    """A part of a value that is not written out."""


def written_out(value: Value) -> object:
    """The JSON of a value that is written out in all its parts. Raises Unknown."""
    if isinstance(value, Whole):
        return value.forms[0]
    if isinstance(value, Record) and value.expr is not None:
        keys = value.keys().values()
        if all(key.always for key in keys):
            return {key.name: written_out(key.value) for key in keys}
    if isinstance(value, Items) and value.fixed is not None:
        return [written_out(item) for item in value.fixed]
    raise Unknown
