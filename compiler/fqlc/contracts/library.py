"""The door of this room: the contracts of one compile, each read once and only as far as it is
used. What was found out about a contract is kept on a shelf, as long as its files are the same."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.util import find_spec
from typing import Protocol, cast

from fql.errors import not_installed
from fql.exact.light import NotJson, NotWritable
from fqlc.contracts.faults import FaultyContract
from fqlc.contracts.lookup import Routes
from fqlc.contracts.model import Operation
from fqlc.contracts.places import AT, Place
from fqlc.contracts.reading.documents import Documents, Read, Spot, pointed
from fqlc.contracts.reading.normal import Definitions, Normalizer
from fqlc.contracts.reading.openapi import Paths, operation_of, paths_of
from fqlc.contracts.written import operation_from

Stored = dict[str, object]


class Shelf(Protocol):
    """Where bytes about a contract are kept from one compile to the next. What is on it was put
    there by this compiler, and is data only."""

    def load(self, contract: str) -> bytes:
        """What was kept; empty for nothing."""

    def save(self, contract: str, data: bytes) -> None:
        """Keep it, if that is possible."""


_EXTRA = {"yaml": "pyyaml", "jsonschema": "jsonschema"}
"""What contracts are read and judged with, by the name of the module."""


def require_extra() -> None:
    """Raises SettingsError where a library of the extra `contracts` is not installed."""
    for module, package in _EXTRA.items():
        if find_spec(module) is None:
            raise not_installed("a contract", package, "contracts")


@dataclass(slots=True)
class _Known:
    """What is known of one contract: its paths, and the operations that somebody asked for.
    `files` are all that was read for it, by the digests of their bytes; `kept` are the bytes of its
    paths and operations on the shelf, until somebody asks for one."""

    files: dict[str, str | None] = field(default_factory=dict)
    paths: Paths | None = None
    operations: dict[str, Stored] = field(default_factory=dict)
    reached: list[str] | None = None
    documents: Documents | None = None
    definitions: Definitions = field(default_factory=dict)
    fresh: bool = False
    kept: bytes = b""

    def opened(self) -> _Known:
        """The same with what the shelf has of paths and operations."""
        kept, self.kept = self.kept, b""
        with suppress(NotJson, KeyError, ValueError):
            self.paths, self.operations = _unpacked(kept) if kept else (self.paths, self.operations)
        return self


class Contracts:
    """The contracts of a compile. `read` gives the bytes of a file of the project, or None."""

    def __init__(self, read: Read, shelf: Shelf | None = None) -> None:
        self._read = read
        self._shelf = shelf
        self._known: dict[str, _Known] = {}
        self._routes: dict[str, Routes] = {}
        self._made: dict[tuple[str, str], Operation] = {}

    def paths(self, file: str) -> Paths:
        """The paths and methods of an OpenAPI document. Raises FaultyContract."""
        known = self._of(file).opened()
        if known.paths is None:
            known.paths = paths_of(self._documents(known), file)
            known.fresh = True
        return known.paths

    def routes(self, file: str) -> Routes:
        """Its paths, for finding the one that is meant. Raises FaultyContract."""
        if file not in self._routes:
            self._routes[file] = Routes(self.paths(file))
        return self._routes[file]

    def operation(self, file: str, method: str, path: str) -> Operation:
        """One operation, by the path of the contract. Raises FaultyContract."""
        return self._operation(
            file, f"{method} {path}",
            lambda documents, made: operation_of(documents, made, file, method, path),
        )  # fmt: skip

    def schemas(self, body: str | None, response: str | None) -> Operation:
        """JSON Schema files, each perhaps with a `#/pointer`, as an operation without a name.
        Raises FaultyContract."""
        file = (body or response or "").partition("#")[0]
        return self._operation(
            file, f"{body or ''} {response or ''}",
            lambda documents, made: _of_schemas(documents, made, body, response),
        )  # fmt: skip

    def keep(self) -> None:
        """Put on the shelf what is new."""
        for file, known in self._known.items():
            if known.fresh and self._shelf is not None:
                self._shelf.save(file, _packed(known.opened()))
                known.fresh = False

    def files(self, file: str) -> Mapping[str, str | None]:
        """All files that a contract consists of, by the digests of their bytes: what it refers to
        anywhere counts. Of one that cannot be used, those that could be read."""
        known = self._of(file)
        if known.reached is None:
            known.reached = sorted(self._documents(known).reached(file))
            known.fresh = True
        return {path: known.files.get(path) for path in known.reached}

    def _operation(self, file: str, name: str, read: _Reading) -> Operation:
        if (file, name) not in self._made:
            known = self._of(file).opened()
            if name not in known.operations:
                documents = self._documents(known)
                stored = read(documents, known.definitions)
                _must_be_writable(stored, file)
                known.operations[name] = stored
                known.files.update(documents.digests)
                known.fresh = True
            self._made[file, name] = operation_from(file, known.operations[name])
        return self._made[file, name]

    def _documents(self, known: _Known) -> Documents:
        if known.documents is None:
            known.documents = Documents(self._read)
            known.documents.digests = known.files
        return known.documents

    def _of(self, file: str) -> _Known:
        if file not in self._known:
            require_extra()
            kept = self._as_kept(self._shelf.load(file)) if self._shelf is not None else None
            self._known[file] = kept or _Known()
        return self._known[file]

    def _as_kept(self, data: bytes) -> _Known | None:
        """What the shelf has of a contract, if its files are still the same."""
        from fql.exact.reading import read_object

        head, _, kept = data.partition(b"\n")
        try:
            stored = read_object(head) if head else {}
            files = cast("dict[str, str | None]", stored["files"])
            reached = cast("list[str] | None", stored["reached"])
        except (NotJson, KeyError, ValueError):
            return None
        for path, digest in files.items():
            found = self._read(path)
            if (None if found is None else sha256(found).hexdigest()) != digest:
                return None
        return _Known(files, reached=reached, kept=kept)


class _Reading(Protocol):
    def __call__(self, documents: Documents, made: Definitions) -> Stored:
        """What is read from documents."""


def _packed(known: _Known) -> bytes:
    """What the files are, and in a second line what is in them. Definitions that operations share
    are written once: operations have their numbers."""
    from fql.exact.writing import canonical_json

    numbers: dict[int, int] = {}
    table: list[object] = []
    operations: dict[str, Stored] = {}
    for name, operation in known.operations.items():
        definitions = cast("Stored", operation["definitions"])
        for one in definitions.values():
            if id(one) not in numbers:
                numbers[id(one)] = len(table)
                table.append(one)
        used = {key: numbers[id(one)] for key, one in definitions.items()}
        operations[name] = {**operation, "definitions": used}
    head = {"files": known.files, "reached": known.reached}
    rest = {"paths": known.paths, "operations": operations, "definitions": table}
    return b"\n".join(canonical_json(part, read=True) for part in (head, rest))


def _unpacked(kept: bytes) -> tuple[Paths | None, dict[str, Stored]]:
    """The paths and operations of the second line."""
    from fql.exact.reading import read_object

    stored = read_object(kept)
    table = cast("list[object]", stored["definitions"])
    packed = cast("dict[str, Stored]", stored["operations"])
    operations = {
        name: {
            **operation,
            "definitions": {
                key: table[number]
                for key, number in cast("dict[str, int]", operation["definitions"]).items()
            },
        }
        for name, operation in packed.items()
    }
    return cast("Paths | None", stored["paths"]), operations


def _must_be_writable(stored: Stored, file: str) -> None:
    from fql.exact.writing import canonical_json

    try:
        canonical_json([[[stored]]], read=True)
    except NotWritable:
        raise FaultyContract("the operation nests too deeply", Place(file)) from None


def _of_schemas(
    documents: Documents, made: Definitions, body: str | None, response: str | None
) -> Stored:
    normalizer = Normalizer(documents, made)
    sent = None if body is None else _content(documents, body, normalizer)
    answers = [] if response is None else [_content(documents, response, normalizer)]
    return {
        "name": "",
        "method": "",
        "path": "",
        "deprecated": False,
        "parameters": [],
        "body": None if sent is None else {**sent, "required": True},
        "answers": [{**answer, "status": "2XX"} for answer in answers],
        "definitions": normalizer.finished(),
    }


def _content(documents: Documents, reference: str, normalizer: Normalizer) -> Stored:
    spot = _schema_at(documents, reference)
    raw = normalizer.named(spot) if spot.pointer else normalizer.schema(spot)
    media = {"application/json": raw}
    return {"media": media, AT: [spot.document.file, spot.pointer, *spot.at]}


def _schema_at(documents: Documents, reference: str) -> Spot:
    """The schema that `file#/pointer` names. A file that names no dialect is of the newest."""
    file, _, pointer = reference.partition("#")
    whole = documents.open(file)
    if isinstance(whole.value, Mapping) and "$schema" in whole.value and not whole.dialect:
        said = f"`{file}` is written in `{str(whole.value['$schema'])[:80]}`"
        raise FaultyContract(said, whole.place, "fqlc reads JSON Schema from draft 4 to 2020-12")
    found = pointed(whole, pointer)
    if found is None:
        raise FaultyContract(f"there is no `{pointer}` in `{file}`", whole.place)
    return found
