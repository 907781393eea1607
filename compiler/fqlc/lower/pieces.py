"""The pieces of a plan put together, ordered by name and never by the order of files.

A piece depends on its declaration and on what that names, so pieces of one compile can serve the
next one (`fqlc.incremental`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Literal, TypedDict

from fql.exact.kinds import as_a, as_object, as_objects
from fqlc.source.files import FileNames
from fqlc.source.text import SourceText

FORMAT = "fql-plan/1"
Stored = dict[str, object]
"""A part of the plan in its stored form, which only this room writes."""


class StoredSetting(TypedDict):
    """The value of a policy, with the level that gave it."""

    value: object
    origin: str


class StoredHeader(TypedDict):
    """A header with its value as an expression; null hides a header of the endpoint."""

    name: str
    value: Stored


Section = Literal["enums", "types", "entities", "endpoints", "observers"]


@dataclass(frozen=True, slots=True)
class Piece:
    """What one declaration adds to a section of the plan. `environment` tells for each `${NAME}`
    in it who uses it; `limits` are the policies of an endpoint that its receiver is due."""

    section: Section
    name: str
    stored: Stored
    environment: Mapping[str, Iterable[str]] = field(default_factory=dict)
    limits: Mapping[str, object] = field(default_factory=dict)


def assemble(
    pieces: Iterable[Piece],
    sources: Mapping[str, SourceText],
    compiler: str,
    names: FileNames,
) -> Stored:
    """The plan without its digest. `sources` are the texts by path; `compiler` is our version;
    `names` says how the plan names files."""
    ordered = sorted((_named(piece, names) for piece in pieces), key=lambda p: p.name)
    return {
        "format": FORMAT,
        "compiler": compiler,
        "sources": sorted(
            (_source(source, names) for source in sources.values()), key=itemgetter("path")
        ),
        "enums": _section("enums", ordered),
        "types": _section("types", ordered),
        "entities": _section("entities", ordered),
        "endpoints": _section("endpoints", ordered),
        "limits": [{"endpoint": p.name, "policies": p.limits} for p in ordered if p.limits],
        "observers": _section("observers", ordered),
        "environment": _environment(ordered),
    }


def _section(name: Section, ordered: Iterable[Piece]) -> list[Stored]:
    return [piece.stored for piece in ordered if piece.section == name]


def _environment(pieces: Iterable[Piece]) -> list[Stored]:
    """Sorted by name, with all users of each."""
    users: dict[str, set[str]] = {}
    for piece in pieces:
        for name, of in piece.environment.items():
            users.setdefault(name, set()).update(of)
    return [{"name": name, "used_by": sorted(of)} for name, of in sorted(users.items())]


def _source(source: SourceText, names: FileNames) -> Stored:
    digest = hashlib.sha256(source.text.encode("utf-8")).hexdigest()
    return {"path": names.of(source.path), "sha256": digest}


def _named(piece: Piece, names: FileNames) -> Piece:
    """The piece with files named as in the plan."""
    return replace(piece, stored=_renamed(piece.stored, names)) if names.base else piece


def _renamed(stored: Stored, names: FileNames) -> Stored:
    found = dict(stored)
    if "span" in found:
        span = as_object(found["span"])
        found["span"] = {**span, "file": names.of(as_a(str, span["file"]))}
    if "nodes" in found:
        found["nodes"] = [_renamed(node, names) for node in as_objects(found["nodes"])]
    return found
