"""The pieces of a plan put together, ordered by name and never by the order of files.

A piece depends on its declaration and on what that names, so pieces of one compile can serve the
next one (`fqlc.incremental`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter, itemgetter
from typing import Final, Literal, NamedTuple, TypedDict

from fql.exact.kinds import as_a, as_object, as_objects
from fql.exact.reading import read_json
from fql.plan.stored.sealing import canonical, seal_written
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
SECTIONS: Final[tuple[Section, ...]] = ("enums", "types", "entities", "endpoints", "observers")


@dataclass(frozen=True, slots=True)
class Piece:
    """What one declaration adds to a section of the plan. `environment` tells for each `${NAME}`
    in it who uses it; `limits` are the policies of an endpoint that its receiver is due; `types`
    are what an observer reads of answers that contracts describe, by name."""

    section: Section
    name: str
    stored: Stored
    environment: Mapping[str, Iterable[str]] = field(default_factory=dict)
    limits: Mapping[str, object] = field(default_factory=dict)
    types: Mapping[str, Stored] = field(default_factory=dict)


class Written(NamedTuple):
    """A piece as it is in the bytes of the plan; `limits` are JSON as well, empty for none, and so
    is each of `types`."""

    section: Section
    name: str
    data: bytes
    environment: Mapping[str, Sequence[str]]
    limits: str
    types: Mapping[str, str] = {}


def written(piece: Piece, names: FileNames) -> Written:
    """The piece as bytes, with files named as in the plan."""
    stored = _renamed(piece.stored, names) if names.base else piece.stored
    users = {name: sorted(of) for name, of in piece.environment.items()}
    limits = canonical(piece.limits).decode() if piece.limits else ""
    types = {name: canonical(of).decode() for name, of in piece.types.items()}
    return Written(piece.section, piece.name, _within_plan(stored), users, limits, types)


def moved(piece: Written, lines: int) -> Written:
    """The piece of a declaration that is now so many lines further down."""
    stored = as_object(read_json(piece.data, floats=True))
    return piece._replace(data=_within_plan(_moved(stored, lines)))


def assemble(
    pieces: Iterable[Written],
    sources: Mapping[str, SourceText],
    compiler: str,
    names: FileNames,
) -> bytes:
    """The sealed plan. `sources` are the texts by path; `compiler` is our version; `names` says
    how the plan names files."""
    ordered = sorted(pieces, key=attrgetter("name"))
    named = names.of_all(sources)
    files = [(named[path], source) for path, source in sources.items()]
    return seal_written(
        {
            "format": canonical(FORMAT),
            "compiler": canonical(compiler),
            "sources": canonical(
                [_source(name, source) for name, source in sorted(files, key=itemgetter(0))]
            ),
            **{section: _section(section, ordered) for section in SECTIONS},
            "types": _types(ordered),
            "limits": _joined(_limits(piece) for piece in ordered if piece.limits),
            "environment": canonical(_environment(ordered)),
        }
    )


def _within_plan(stored: Stored) -> bytes:
    """The bytes of a piece where it is in a plan: a part of a section, and no deeper."""
    return canonical([[stored]])[2:-2]


def _section(name: Section, ordered: Iterable[Written]) -> bytes:
    return _joined(piece.data for piece in ordered if piece.section == name)


def _types(ordered: Sequence[Written]) -> bytes:
    """Declared types, and those of answers, by name."""
    declared = [(piece.name, piece.data) for piece in ordered if piece.section == "types"]
    answered = [(name, of.encode()) for piece in ordered for name, of in piece.types.items()]
    return _joined(data for _, data in sorted(declared + answered))


def _limits(piece: Written) -> bytes:
    return b'{"endpoint":%s,"policies":%s}' % (canonical(piece.name), piece.limits.encode())


def _joined(parts: Iterable[bytes]) -> bytes:
    return b"[%s]" % b",".join(parts)


def _environment(pieces: Iterable[Written]) -> list[Stored]:
    """Sorted by name, with all users of each."""
    users: dict[str, set[str]] = {}
    for piece in pieces:
        for name, of in piece.environment.items():
            users.setdefault(name, set()).update(of)
    return [{"name": name, "used_by": sorted(of)} for name, of in sorted(users.items())]


def _source(name: str, source: SourceText) -> Stored:
    return {"path": name, "sha256": hashlib.sha256(source.text.encode("utf-8")).hexdigest()}


def _renamed(stored: Stored, names: FileNames) -> Stored:
    """The piece with files named as in the plan."""
    return _with_spans(stored, lambda at: {**at, "file": names.of(as_a(str, at["file"]))}, _FILES)


def _moved(stored: Stored, lines: int) -> Stored:
    """The piece with its spans so many lines further down."""

    def further(span: Stored) -> Stored:
        line, end = as_a(int, span["line"]), as_a(int, span["end_line"])
        return {**span, "line": line + lines, "end_line": end + lines}

    return _with_spans(stored, further)


_FILES = ("span", "contract")
"""Parts of a piece that name a file."""


def _with_spans(
    stored: Stored, change: Callable[[Stored], Stored], parts: Sequence[str] = ("span",)
) -> Stored:
    found = dict(stored)
    for part in parts:
        if part in found:
            found[part] = change(as_object(found[part]))
    if "nodes" in found:
        found["nodes"] = [_with_spans(node, change, parts) for node in as_objects(found["nodes"])]
    return found
