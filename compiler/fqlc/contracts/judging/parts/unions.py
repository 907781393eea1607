"""`oneOf` and `anyOf`: which branch is meant, and what is reported where none fits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from fql.near import nearest, question
from fqlc.contracts.judging.findings import Finding, Judgement, Note, Remedy, Step, error
from fqlc.contracts.judging.wire.values import Either, Record, Scalar, Value, Whole
from fqlc.contracts.judging.words import joined, listed, shown
from fqlc.contracts.model import Discriminator, Schema

_NULL = frozenset({"null"})
MOST_MEMBERS = 50
MOST_SHOWN = 3

Compare = Callable[[Value, Schema], Judgement]


@dataclass(frozen=True, slots=True)
class Union:
    """A union of one part of a schema, without its branches for null alone."""

    word: str
    part: Schema
    branches: tuple[Schema, ...]
    discriminator: Discriminator | None


def unions_of(part: Schema) -> Iterator[Union]:
    """The unions of a part, for a value that is not null."""
    for word, given in (("oneOf", part.one_of), ("anyOf", part.any_of)):
        if given:
            kept = tuple(branch for branch in given if branch.types != _NULL)
            yield Union(word, part, kept, part.discriminator)


def judge_union(value: Value, union: Union, compare: Compare) -> Judgement:
    """One that fits is enough; of several kinds or members each is judged by itself."""
    if not union.branches:
        says = "is sent, but the contract takes only null"
        return Judgement((error("FQL413", says, value, (union.part.place, "takes only null")),))
    if len(union.branches) == 1:
        return compare(value, union.branches[0])
    apart = split(value)
    if apart is not None:
        return compare(apart, union.part)
    tagged = _by_tag(value, union)
    if isinstance(tagged, Finding):
        return Judgement((tagged,))
    found = [(branch, compare(value, branch)) for branch in union.branches]
    if tagged is not None:
        mine = compare(value, tagged)
        return _alone(union, mine, [j for branch, j in found if branch.raw is not tagged.raw])
    return _nearest(value, union, found)


def _nearest(value: Value, union: Union, found: Sequence[tuple[Schema, Judgement]]) -> Judgement:
    """The findings of the branch that a value is nearest to."""
    best, lightest = min(found, key=lambda pair: pair[1].weight)
    if not lightest.findings:
        return _alone(union, lightest, [j for branch, j in found if branch is not best])
    if all(judged.errors for _, judged in found):
        certain = all(judged.refuses for _, judged in found)
        return Judgement((_misfit(value, union, best, lightest, certain=certain),))
    return lightest


def _alone(union: Union, mine: Judgement, others: Sequence[Judgement]) -> Judgement:
    """Of `oneOf` exactly one must fit: noted where another one may as well."""
    if union.word == "anyOf" or mine.findings or all(other.refuses for other in others):
        return mine
    return replace(mine, notes=(*mine.notes, Note(union.word, union.part.place)))


def split(value: Value) -> Value | None:
    """A value of several kinds, or of known members, as one of several; None for all others."""
    if not isinstance(value, Scalar):
        return None
    members: Sequence[object] | None = (True, False) if value.of == "Boolean" else value.members
    if members is not None and 0 < len(members) <= MOST_MEMBERS and len(value.readings) == 1:
        wholes = tuple(Whole(forms=(m,), expr=value.expr, field=value.field) for m in members)
        return Either(values=wholes, expr=value.expr, field=value.field)
    if len(value.readings) == 1 and value.of == "ID" and len(value.readings[0]) > 1:
        kinds = (frozenset({kind}) for kind in sorted(value.readings[0]))
        apart = tuple(replace(value, readings=(kind,)) for kind in kinds)
        return Either(values=apart, expr=value.expr, field=value.field)
    return None


def _by_tag(value: Value, union: Union) -> Schema | Finding | None:
    """The branch that a property names, or what is wrong with that; None where it is not known."""
    from fql.exact.writing import json_text

    tags = union.discriminator
    if tags is None or not isinstance(value, Record) or not tags.property:
        return None
    key = value.keys().get(tags.property)
    if key is None:
        says = f"is missing, but it tells which of {_names(union)} is meant"
        return error(
            "FQL411",
            says,
            value,
            (union.part.place, f"`{tags.property}` tells the branch"),
            "here",
            path=(tags.property,),
            certain=False,
            remedy=Remedy("insert", tags.property, safe=False),
        )
    if not isinstance(key.value, Whole) or not isinstance(key.value.forms[0], str):
        return None
    tag = key.value.forms[0]
    if tag in tags.branches:
        return tags.branches[tag]
    near = nearest(tag, tags.branches)
    says = f"is {shown(tag)}, but the contract knows only {listed(tags.branches)}"
    remedy = Remedy("text", near, safe=near.lower() == tag.lower()) if near else None
    place, there = union.part.place, f"`{tags.property}` tells the branch"
    return error(
        "FQL415",
        says,
        key.value,
        (place, there),
        "no such branch",
        path=(tags.property,),
        certain=False,
        help=(question(json_text(near)),) if near else (),
        remedy=remedy,
    )


def _misfit(
    value: Value, union: Union, best: Schema, judged: Judgement, *, certain: bool
) -> Finding:
    """FQL416, with what is wrong for the nearest branch."""
    wrong = [f for f in judged.findings if not f.warning][:MOST_SHOWN]
    told = tuple(f"{subject(f.path)} {f.says}" for f in wrong)
    number = union.branches.index(best)
    says = f"fits none of what the contract allows: {_names(union)}"
    return error(
        "FQL416",
        says,
        value,
        (union.part.place, f"one of {_names(union)}"),
        "fits none of them",
        certain=certain,
        help=(f"the nearest is {_branch_name(best, number)}: {'; '.join(told)}",),
    )


def subject(path: Sequence[Step]) -> str:
    """What a sentence about a position begins with."""
    if not path:
        return "it"
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step == "[]":
            text += step
        else:
            text += f".{step}" if text else step
    return f"`{text}`"


def _names(union: Union) -> str:
    return joined([_branch_name(branch, i) for i, branch in enumerate(union.branches[:6])]) + (
        f" and {len(union.branches) - 6} more" if len(union.branches) > 6 else ""
    )


def _branch_name(branch: Schema, number: int) -> str:
    named = branch.name or branch.text("title")
    if named:
        return f"`{named[:60]}`"
    types = branch.types
    return " or ".join(sorted(types)) if types and types != {"object"} else f"form {number + 1}"
