"""Documents of contracts: files read once, by the `read` function of the compile, and references
from one place to another. Nothing is fetched: a reference to the net is a fault."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from urllib.parse import unquote

from fql.exact.light import NotJson
from fqlc.contracts.faults import FaultyContract
from fqlc.contracts.places import Place
from fqlc.contracts.reading.yaml_core import Marks, NotYaml, read_yaml
from fqlc.source.files import CONTRACT_SUFFIXES, LONGEST_CONTRACT
from fqlc.source.text import SourceText

Read = Callable[[str], bytes | None]

MOST_DOCUMENTS = 200
MOST_REFERENCES = 100
"""References that lead from one straight to the next."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read. `dialect` is what its schemas are written in, empty where it does not
    say and they are as those of whoever refers to it. It `shares` where aliases put one value into
    several places."""

    file: str
    value: object
    marks: Marks = field(repr=False, default_factory=dict)
    dialect: str = ""
    shares: bool = False


@dataclass(frozen=True, slots=True)
class Spot:
    """A value in a document, and the steps that lead there. `at` are the characters of its key."""

    document: Document
    value: object
    pointer: str = ""
    at: tuple[int, int] = (0, 0)
    dialect: str = ""

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(self.document.file, self.pointer, *self.at)

    @property
    def object(self) -> Mapping[str, object]:
        """Its value as an object. Raises FaultyContract for another value."""
        if isinstance(self.value, Mapping):
            return self.value
        raise self.fault("is not an object")

    def child(self, key: str | int) -> Spot:
        """The spot of a key or item that is there."""
        value = self.value[key]  # type: ignore[index]
        marks, step = self.document.marks, str(key)
        if "~" in step or "/" in step:
            step = step.replace("~", "~0").replace("/", "~1")
        at = marks[id(self.value)][key] if marks else (0, 0)
        return Spot(self.document, value, f"{self.pointer}/{step}", at, self.dialect)

    def get(self, key: str) -> Spot | None:
        """The spot of a key of an object; None where it is not there."""
        return self.child(key) if key in self.object else None

    def entries(self) -> list[tuple[str, Spot]]:
        """The keys of an object with their spots. Extensions (`x-`) are left out."""
        return [(k, self.child(k)) for k in self.object if not k.startswith("x-")]

    def items(self) -> list[Spot]:
        """The spots of a list. Raises FaultyContract for another value."""
        if isinstance(self.value, Sequence) and not isinstance(self.value, str):
            return [self.child(i) for i in range(len(self.value))]
        raise self.fault("is not a list")

    def fault(self, said: str) -> FaultyContract:
        """What is wrong here, after the place has been named."""
        return FaultyContract(f"{self.pointer or 'the document'} {said}", self.place)


class Documents:
    """The documents of one contract, by path. `digests` tells of each file that was asked for,
    None where there is none."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._known: dict[str, Document] = {}
        self.digests: dict[str, str | None] = {}

    def open(self, file: str) -> Spot:
        """The whole of a file. Raises FaultyContract."""
        if file not in self._known:
            self._known[file] = self._opened(file)
        document = self._known[file]
        return Spot(document, document.value, dialect=document.dialect)

    def reached(self, file: str) -> set[str]:
        """This file and all that it refers to, and so on, as far as they can be read."""
        found, waiting = set[str](), [file]
        while waiting:
            path = waiting.pop()
            if path not in found:
                found.add(path)
                with suppress(FaultyContract):
                    document = self.open(path).document
                    waiting += {_beside(document.file, one) for one in _references(document.value)}
        return found

    def _opened(self, file: str) -> Document:
        if len(self._known) >= MOST_DOCUMENTS:
            raise FaultyContract(f"it is made of more than {MOST_DOCUMENTS} documents")
        if not file.endswith(CONTRACT_SUFFIXES):
            raise FaultyContract(
                f"the name of `{file}` does not end with {', '.join(CONTRACT_SUFFIXES)}",
                Place(file),
                "a contract is a JSON or YAML file",
            )
        data = self._read(file)
        self.digests[file] = None if data is None else sha256(data).hexdigest()
        if data is None:
            raise FaultyContract(
                f"there is no file `{file}` in the project", Place(file),
                "contracts are relative to the file that names them, and never outside the project",
            )  # fmt: skip
        if len(data) > LONGEST_CONTRACT:
            said = f"`{file}` has more than {LONGEST_CONTRACT:,} bytes"
            hint = "leave out the paths that no webhook uses, and what they alone refer to"
            raise FaultyContract(said, Place(file), hint, fetch=False)
        value, marks = _parsed(file, data)
        return Document(file, value, marks, dialect_of(value), bool(marks) and _shares(value))

    def followed(self, spot: Spot) -> Spot:
        """Where the references of a spot lead to in the end. Raises FaultyContract."""
        for _ in range(MOST_REFERENCES):
            if not isinstance(spot.value, Mapping) or "$ref" not in spot.value:
                return spot
            spot = self.referred(spot)
        raise spot.fault("refers to itself")

    def referred(self, spot: Spot) -> Spot:
        """Where the `$ref` of a spot leads to. Raises FaultyContract."""
        reference = spot.object["$ref"]
        if not isinstance(reference, str):
            raise spot.child("$ref").fault("is not a text")
        return self.target(reference, spot)

    def target(self, reference: str, spot: Spot) -> Spot:
        """What a reference that is written at a spot means."""
        path, _, fragment = reference.partition("#")
        base = spot.document
        if path in _ids(base.value):
            path = ""
        if "://" in path or path.startswith("//"):
            raise FaultyContract(
                f"`{reference[:200]}` leads to the net, which a compile never reads", spot.place,
                "`fqlc contract update` writes a contract that holds all it refers to",
            )  # fmt: skip
        if path.startswith("/"):
            raise spot.fault(f"refers to `{reference[:200]}`, which is not relative")
        whole = Spot(base, base.value, dialect=spot.dialect)
        if path:
            whole = self.open(_beside(base.file, path))
            whole = whole if whole.dialect else replace(whole, dialect=spot.dialect)
        return _within(whole, unquote(fragment, errors="replace"), reference, spot)


def _beside(file: str, path: str) -> str:
    """The file that a document names by a path of its own."""
    named = unquote(path, errors="replace")
    return posixpath.normpath(posixpath.join(posixpath.dirname(file), named))


_LONGEST_REFERENCE = 1_000


def _references(value: object) -> Iterator[str]:
    """The other files that a document may refer to, by `$ref` or as the tag of a branch."""
    waiting, seen = [value], set[int]()
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict | list) and id(one) not in seen:
            seen.add(id(one))
            waiting += one.values() if isinstance(one, dict) else one
        elif isinstance(one, str) and len(one) < _LONGEST_REFERENCE:
            path = one.partition("#")[0]
            if path.endswith(CONTRACT_SUFFIXES) and "://" not in path:
                yield path


def _within(whole: Spot, fragment: str, reference: str, spot: Spot) -> Spot:
    if fragment and not fragment.startswith("/"):
        found = _anchored(whole, fragment)
    else:
        found = pointed(whole, fragment)
    if found is None:
        raise FaultyContract(
            f"`{reference[:200]}` leads nowhere", spot.place, "correct the reference"
        )
    return found


def pointed(whole: Spot, pointer: str) -> Spot | None:
    """Where a JSON pointer leads to; None where that is not there."""
    found = whole
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found.value, Mapping) and key in found.value:
            found = found.child(key)
        elif isinstance(found.value, list) and key.isdigit() and int(key) < len(found.value):
            found = found.child(int(key))
        else:
            return None
    return found


def _anchored(whole: Spot, name: str) -> Spot | None:
    """The schema of a document that has an `$anchor`, by going through all of it."""
    waiting, seen = [whole], set[int]()
    while waiting:
        spot = waiting.pop()
        if id(spot.value) in seen or not isinstance(spot.value, dict | list):
            continue
        seen.add(id(spot.value))
        if isinstance(spot.value, dict):
            names = [spot.value.get(key) for key in ("$anchor", "$dynamicAnchor")]
            if name in names or f"#{name}" in (spot.value.get("$id"), spot.value.get("id")):
                return spot
            waiting += [spot.child(key) for key in spot.value]
        else:
            waiting += spot.items()
    return None


def _ids(value: object) -> tuple[str, ...]:
    """What a document calls itself: such a reference leads to it."""
    if not isinstance(value, Mapping):
        return ()
    found = (value.get(key) for key in ("$id", "id", "$self"))
    return tuple(one.removesuffix("#") for one in found if isinstance(one, str) and one)


def _shares(value: object) -> bool:
    """True where an object or list is at several places."""
    waiting, seen = [value], set[int]()
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict | list):
            if id(one) in seen:
                return True
            seen.add(id(one))
            waiting += one.values() if isinstance(one, dict) else one
    return False


def _parsed(file: str, data: bytes) -> tuple[object, Marks]:
    from fql.exact.reading import read_foreign

    try:
        if file.endswith(".json"):
            return read_foreign(data, floats=False), {}
        return read_yaml(SourceText(file, data.decode("utf-8")).text)
    except NotJson as error:
        raise FaultyContract(f"`{file}` is not JSON: {error}", Place(file)) from None
    except NotYaml as error:
        raise FaultyContract(f"`{file}`: {error}", Place(file, "", *error.at)) from None
    except UnicodeDecodeError:
        raise FaultyContract(f"`{file}` is not UTF-8", Place(file)) from None


# Dialects --------------------------------------------------------------------

OPENAPI_3_0 = "openapi-3.0"
NEWEST = "2020-12"
_DRAFTS = ("draft-04", "draft-06", "draft-07", "2019-09", NEWEST)


def dialect_of(value: object) -> str:
    """What the schemas of a document are written in, as far as it says so. Empty for what it does
    not say, or says of a dialect that is not known."""
    if not isinstance(value, Mapping):
        return ""
    version = value.get("openapi")
    if isinstance(version, str):
        return OPENAPI_3_0 if version.startswith("3.0") else NEWEST
    named = value.get("$schema")
    found = (one for one in _DRAFTS if isinstance(named, str) and f"/{one}/" in named)
    return next(found, "")
