"""What a url says for the parameters of an operation: the holes of its path, and its query."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, unquote_plus

from fql.plan.language.expressions import Constant, Expr, Hole, Text, TextPart
from fql.plan.language.types import STRING

Parts = tuple[TextPart, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """The values of a query by name; not `complete` where a name is known only when it is sent."""

    values: Mapping[str, Expr]
    complete: bool = True


def parts_of(e: Expr | None) -> Parts:
    """The parts of a text."""
    if isinstance(e, Text):
        return e.parts
    return (e.value,) if isinstance(e, Constant) and isinstance(e.value, str) else ()


def split_url(parts: Parts) -> tuple[Parts, Parts]:
    """The parts before and after the first `?`."""
    before: list[TextPart] = []
    for index, part in enumerate(parts):
        if isinstance(part, str) and "?" in part:
            head, _, tail = part.partition("?")
            return (*before, head), (tail, *parts[index + 1 :])
        before.append(part)
    return tuple(before), ()


def path_values(path: Parts, template: str) -> dict[str, Expr]:
    """The value of each `{param}` that is a whole segment of the template. The path is the end of
    one: what the url of its endpoint says comes before it."""
    names = template.partition("?")[0].strip("/").split("/")
    given = _split(path, "/")[1:]
    found: dict[str, Expr] = {}
    for name, parts in zip(reversed(names), reversed(given), strict=False):
        if name.startswith("{") and name.endswith("}") and name.count("{") == 1:
            found[name[1:-1]] = _value(parts, unquote)
    return found


def query_of(parts: Parts) -> Query:
    """The values of a query."""
    found: dict[str, Expr] = {}
    complete = True
    for pair in _split(parts, "&"):
        if not pair:
            continue
        name, *value = _split(pair, "=")
        if len(name) == 1 and isinstance(name[0], str):
            joined = tuple(part for one in value for part in one)
            found[unquote_plus(name[0])] = _value(joined, unquote_plus)
        else:
            complete = False
    return Query(found, complete)


def _split(parts: Iterable[TextPart], sign: str) -> list[Parts]:
    """The stretches between signs, which only literal text has."""
    found: list[list[TextPart]] = [[]]
    for part in parts:
        if not isinstance(part, str):
            found[-1].append(part)
            continue
        first, *rest = part.split(sign)
        found[-1] += [first] if first else []
        found += [[text] if text else [] for text in rest]
    return [tuple(stretch) for stretch in found]


def _value(parts: Sequence[TextPart], decode: Callable[[str], str]) -> Expr:
    """The value that a stretch has: of one hole that of the hole."""
    if len(parts) == 1 and isinstance(parts[0], Hole):
        return parts[0].value
    if all(isinstance(part, str) for part in parts):
        return Constant(type=STRING, value=decode("".join(map(str, parts))))
    return Text(type=STRING, parts=tuple(parts))
