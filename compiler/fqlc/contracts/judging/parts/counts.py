"""Objects and lists as a whole: how many keys or items a contract takes, and which ones alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fqlc.contracts.judging.findings import Finding, Judgement, Note, error, warning
from fqlc.contracts.judging.wire.values import Items, Record, Value
from fqlc.contracts.judging.words import listed, sent
from fqlc.contracts.model import Schema


def judge_count(value: Record | Items, parts: Sequence[Schema]) -> Judgement:
    """The least and the most that the parts take; noted where it depends on the event."""
    least, most = _count(value)
    words = ("minProperties", "maxProperties") if isinstance(value, Record) else (
        "minItems", "maxItems"
    )  # fmt: skip
    findings: list[Finding] = []
    notes: list[Note] = []
    for part in parts:
        for keyword in words:
            bound = part.number(keyword)
            if not isinstance(bound, int):
                continue
            fewest = keyword.startswith("min")
            beyond = (most is not None and most < bound) if fewest else least > bound
            if beyond:
                count = least if most is None else most
                findings.append(_finding(value, part, keyword, bound, count))
            elif isinstance(value, Items) and value.batch is not None:
                findings += _of_batch(value, value.batch, part, keyword, bound)
            elif least < bound if fewest else (most is None or most > bound):
                notes.append(Note(keyword, part.place))
    return Judgement(tuple(findings), (*notes, *_unique(value, parts)))


def judge_members(value: Record | Items, parts: Sequence[Schema]) -> Judgement:
    """`enum` and `const`: which object or list it is, is not known; that it is one, is."""
    kind = Mapping if isinstance(value, Record) else list | tuple
    findings: list[Finding] = []
    notes: list[Note] = []
    for part in parts:
        allowed = part.members
        if allowed is None:
            continue
        if any(isinstance(member, kind) for member in allowed):
            notes.append(Note("enum", part.place))
        else:
            says = f"is sent as {sent(value)}, but the contract takes only {listed(allowed)}"
            there = f"takes {listed(allowed)}"
            findings.append(error("FQL415", says, value, (part.place, there), "not taken"))
    return Judgement(tuple(findings), tuple(notes))


def _of_batch(value: Items, most: int, part: Schema, keyword: str, bound: int) -> Iterator[Finding]:
    """A batch is sent with any number of events, from one to its size."""
    asked = (part.place, f"`{keyword}: {bound}`")
    if keyword == "maxItems" and most > bound:
        says = f"can have {most} items, but the contract takes at most {bound}"
        help_ = (f"`batch: {{ size: {bound} }}` keeps to it",)
        yield warning("FQL415", says, value, asked, "too long where a batch is full", help=help_)
    elif keyword == "minItems" and bound > 1:
        says = f"can have one item, but the contract takes at least {bound}"
        help_ = ("a batch is sent after its `timeout` with what there is",)
        yield warning("FQL415", says, value, asked, "too short where little happens", help=help_)


def _count(value: Record | Items) -> tuple[int, int | None]:
    if isinstance(value, Record):
        keys = value.keys().values()
        return sum(key.always for key in keys), len(keys)
    if value.fixed is not None:
        return len(value.fixed), len(value.fixed)
    return (0, None) if value.batch is None else (1, value.batch)


def _unique(value: Value, parts: Sequence[Schema]) -> Iterator[Note]:
    if isinstance(value, Items) and (value.fixed is None or len(value.fixed) > 1):
        for part in parts:
            if part.raw.get("uniqueItems") is True:
                yield Note("uniqueItems", part.place)


def _finding(value: Value, part: Schema, keyword: str, bound: int, count: int) -> Finding:
    what = "key" if isinstance(value, Record) else "item"
    end = "at least" if keyword.startswith("min") else "at most"
    says = f"has {count} {what}{'' if count == 1 else 's'}, but the contract takes {end} {bound}"
    return error("FQL415", says, value, (part.place, f"`{keyword}: {bound}`"))
