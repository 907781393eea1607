"""Which operation of a contract a path means. A `{param}` takes any part of a path, a hole goes
where a `{param}` is and nowhere else; a concrete path wins over one with parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fql.near import nearest
from fqlc.contracts.reading.openapi import Paths

Segments = tuple[str | None, ...]
"""The parts of a path between its slashes; None for one that has a hole in it."""


def segments_of(path: str) -> list[str]:
    """The parts of a path that was written out."""
    return path.split("/")[1:]


def matching(paths: Paths, method: str, wanted: Segments) -> Iterator[str]:
    """The paths of a contract that a path fits, the most concrete first. `method` only tells whose
    servers count."""
    found = []
    for path, methods in paths.items():
        template = segments_of(path)
        bases = methods.get(method) or next(iter(methods.values()), [])
        for skipped in _skipped(bases, wanted):
            rest = wanted[skipped:]
            if len(template) == len(rest) and all(map(_fits, template, rest)):
                holes = tuple("{" in part for part in template)
                found.append((-skipped, holes, path))
                break
    return (path for _, _, path in sorted(found))


def _skipped(bases: list[str], wanted: Segments) -> list[int]:
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
