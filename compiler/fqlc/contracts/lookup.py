"""Which operation of a contract a path means. A `{param}` takes any part of a path, a hole goes
where a `{param}` is and nowhere else; a concrete path wins over one with parameters. A path of a
contract that has a query, as some have against the specification, means urls with that query."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from fql.near import nearest
from fqlc.contracts.reading.openapi import Paths

Segments = tuple[str | None, ...]
"""The parts of a path between its slashes; None for one that has a hole in it."""


def segments_of(path: str) -> list[str]:
    """The parts of a path that was written out, its query left out."""
    return path.partition("?")[0].split("/")[1:]


def query_pairs(path: str) -> frozenset[str]:
    """The pairs in the query of a path, as `beta=true`."""
    return frozenset(filter(None, path.partition("?")[2].split("&")))


class Routes:
    """The paths of a contract, ordered by their parts, so that finding one takes no look at the
    others."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._known: dict[str, dict[tuple[str, ...], _Step]] = {}

    def matching(
        self, method: str, wanted: Segments, query: frozenset[str] = frozenset()
    ) -> list[str]:
        """The paths that a path with a query fits, the most concrete first. `method` only tells
        whose servers count."""
        if method not in self._known:
            self._known[method] = _by_servers(self._paths, method)
        found: dict[str, int] = {}
        for bases, first in self._known[method].items():
            for skipped in _skipped(bases, wanted):
                for path in first.ends(wanted[skipped:]):
                    if query_pairs(path) <= query:
                        found.setdefault(path, skipped)
        return sorted(
            found, key=lambda path: (-found[path], _holes(path), -len(query_pairs(path)), path)
        )


@dataclass(slots=True)
class _Step:
    """Where templates go on that begin alike, by their next part; `paths` are those that end."""

    paths: list[str] = field(default_factory=list)
    literal: dict[str, _Step] = field(default_factory=dict)
    open: dict[str, _Step] = field(default_factory=dict)

    def after(self, template: str) -> _Step:
        """The step after a part of a template."""
        steps = self.open if "{" in template else self.literal
        return steps.setdefault(template, _Step())

    def ends(self, wanted: Segments) -> Iterator[str]:
        """The templates that a path fits."""
        steps = [self]
        for part in wanted:
            steps = [after for step in steps for after in step.fitting(part)]
        return (path for step in steps for path in step.paths)

    def fitting(self, part: str | None) -> Iterator[_Step]:
        """The steps that a part of a path may go."""
        if part in self.literal:
            yield self.literal[part]
        yield from (after for template, after in self.open.items() if _fits(template, part))


def _by_servers(paths: Paths, method: str) -> dict[tuple[str, ...], _Step]:
    """The first step for each list of servers that paths have."""
    found: dict[tuple[str, ...], _Step] = {}
    for path, methods in paths.items():
        bases = methods.get(method) or next(iter(methods.values()), [])
        step = found.setdefault(tuple(bases), _Step())
        for template in segments_of(path):
            step = step.after(template)
        step.paths.append(path)
    return found


def _holes(path: str) -> tuple[bool, ...]:
    return tuple("{" in part for part in segments_of(path))


def _skipped(bases: Iterable[str], wanted: Segments) -> list[int]:
    """How many parts of the path are a server's: the longest first. Where none is, none are."""
    found = set()
    for base in bases:
        parts = segments_of(base)
        if parts and len(parts) < len(wanted) and all(map(_fits, parts, wanted)):
            found.add(len(parts))
    return sorted(found, reverse=True) or [0]


def _fits(template: str, part: str | None) -> bool:
    """A hole goes where a parameter is, and only there."""
    if "{" in template:
        return part is None or bool(re.fullmatch(_pattern(template), part))
    return part == template


def _pattern(template: str) -> str:
    """`{name}.json` as a pattern of segments."""
    parts = re.split(r"\{[^{}]*\}", template)
    return ".+".join(map(re.escape, parts))


def shown(wanted: Segments) -> str:
    """A path as messages show it."""
    return "/" + "/".join("{}" if part is None else part for part in wanted)


def nearest_path(paths: Paths, wanted: Segments) -> str | None:
    """The path of a contract that was probably meant."""
    known = dict(_shapes(paths))
    close = nearest(shown(wanted), known)
    return known[close] if close is not None else None


def _shapes(paths: Paths) -> Iterator[tuple[str, str]]:
    """The paths in the form that ours is shown in, also with those of their servers before."""
    for path, methods in paths.items():
        shape = re.sub(r"\{[^{}]*\}", "{}", path)
        yield shape, path
        for base in next(iter(methods.values()), []):
            yield base + shape, path
