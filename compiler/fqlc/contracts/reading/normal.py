"""Schemas of any dialect as JSON Schema 2020-12, with everything that they reach.

Each schema that a reference leads to becomes a definition by the last part of that reference, so a
schema that holds itself is finite.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fqlc.contracts.faults import FaultyContract
from fqlc.contracts.places import AT, DEFINED
from fqlc.contracts.reading.documents import OPENAPI_3_0, Documents, Spot

DEEPEST = 100
"""Schemas within each other; after a reference the count starts again."""

MOST_NODES = 100_000
"""Schemas and values that one operation reaches."""

_TYPES = frozenset(("string", "integer", "number", "boolean", "array", "object", "null"))
_ONE = frozenset((
    "additionalProperties", "items", "not", "if", "then", "else", "contains", "propertyNames",
    "unevaluatedProperties", "unevaluatedItems", "contentSchema",
))  # fmt: skip
_LISTS = frozenset(("prefixItems", "allOf", "anyOf", "oneOf"))
_MAPS = frozenset(("properties", "patternProperties", "dependentSchemas"))
_PLAIN: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("format", "pattern", "contentEncoding"), (str,)),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties",
                     "maxProperties", "minContains", "maxContains"), (int,)),
    **dict.fromkeys(("uniqueItems", "readOnly", "writeOnly", "deprecated"), (bool,)),
    **dict.fromkeys(("required", "enum"), (list,)),
    "dependentRequired": (dict,),
    "const": (object,),
}  # fmt: skip
_WORDS = ("title", "description")
"""What people read. Some documents have null there, which breaks no body."""
_NUMBERS = frozenset(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"))
_BESIDE_REFERENCE = ("readOnly", "writeOnly", "deprecated", "description")
_IGNORING = (OPENAPI_3_0, "draft-04", "draft-06", "draft-07")
"""Dialects in which nothing counts beside `$ref`."""


Lead = tuple[Spot, str, str]
"""Where a reference leads, how it is written, and the key of the definition."""


@dataclass(frozen=True, slots=True)
class Made:
    """A definition as an earlier operation made it, the nodes in it, and its references. It is the
    same for another operation in which these have the same keys."""

    schema: object
    nodes: int
    leads: tuple[Lead, ...]


Definitions = dict[tuple[str, str, str], Made]
"""Definitions by file, pointer and dialect."""


class Normalizer:
    """Normalises what one operation reaches. `made` has what others of the same documents reached,
    and takes in what this one does."""

    def __init__(self, documents: Documents, made: Definitions) -> None:
        self._documents = documents
        self._made_before = made
        self._leads: list[Lead] = []
        self._keys: dict[tuple[str, str], str] = {}
        self._waiting: list[tuple[str, Spot]] = []
        self._shared: dict[int, tuple[object, int]] = {}
        self._nodes = 0
        self._definitions: dict[str, object] = {}

    def schema(self, spot: Spot, depth: int = 0) -> object:
        """The schema at a spot: an object, or False. Raises FaultyContract."""
        if not spot.document.shares:
            return self._made(spot, depth)
        # What aliases share is made once, and still counts wherever it is.
        if (shared := self._shared.get(id(spot.value))) is not None:
            self._count(spot, shared[1])
            return shared[0]
        before = self._nodes
        made = self._made(spot, depth)
        if isinstance(spot.value, dict):
            self._shared[id(spot.value)] = made, self._nodes - before
        return made

    def _made(self, spot: Spot, depth: int) -> object:
        self._count(spot)
        if depth > DEEPEST:
            raise spot.fault(f"is a schema within more than {DEEPEST} others")
        if isinstance(spot.value, bool):
            return {AT: _at(spot)} if spot.value else False
        written = spot.object
        if "$ref" in written or "$dynamicRef" in written or "$recursiveRef" in written:
            return self._reference(spot, depth)
        return self._keywords(spot, depth)

    def _count(self, spot: Spot, nodes: int = 1) -> None:
        self._nodes += nodes
        if self._nodes > MOST_NODES:
            said = f"the operation reaches more than {MOST_NODES:,} nodes of its contract"
            raise FaultyContract(said, spot.place)

    # references

    def _reference(self, spot: Spot, depth: int) -> object:
        word = next(w for w in ("$ref", "$dynamicRef", "$recursiveRef") if w in spot.object)
        reference = spot.object[word]
        if not isinstance(reference, str):
            raise spot.child(word).fault("is not a text")
        key = self._definition(self._documents.target(reference, spot), reference)
        found: dict[str, object] = {"$ref": f"{DEFINED}{key}", AT: _at(spot)}
        if spot.dialect in _IGNORING:
            return found
        found |= {k: spot.object[k] for k in _BESIDE_REFERENCE if k in spot.object}
        beside = {k: v for k, v in spot.object.items() if k != word and k not in found}
        if not any(k in _MEANT for k in beside):
            return found
        rest = self._keywords(spot, depth, leave_out=frozenset((word,)))
        parts = rest.get("allOf", [])
        return {**rest, "allOf": [found, *(parts if isinstance(parts, list) else [])]}

    def named(self, spot: Spot) -> object:
        """The schema at a spot, called as its pointer ends."""
        return {"$ref": f"{DEFINED}{self._definition(spot, '')}", AT: _at(spot)}

    def finished(self) -> dict[str, object]:
        """The definitions that the schemas refer to, by key. Raises FaultyContract."""
        done: list[tuple[str, Spot]] = []
        while self._waiting:
            key, target = self._waiting.pop(0)
            self._definitions[key] = self._defined(target)
            done.append((key, target))
        for key, target in done:
            self._must_end(key, target)
        return self._definitions

    def _defined(self, target: Spot) -> object:
        """The schema of a definition."""
        if target.document.shares:
            return self.schema(target)
        place = (target.document.file, target.pointer, target.dialect)
        known = self._made_before.get(place)
        if known is not None and all(self._definition(t, r) == key for t, r, key in known.leads):
            self._count(target, known.nodes)
            return known.schema
        before, self._leads = self._nodes, []
        made = self.schema(target)
        self._made_before[place] = Made(made, self._nodes - before, tuple(self._leads))
        return made

    def _definition(self, target: Spot, reference: str) -> str:
        """The key of the definition that a target becomes."""
        place = (target.document.file, target.pointer)
        if place not in self._keys:
            name = _called(target, reference)
            number = sum(key.partition("~")[0] == name for key in self._definitions)
            key = f"{name}~{number + 1}" if number else name
            self._keys[place] = key
            self._definitions[key] = {}
            self._waiting.append((key, target))
        self._leads.append((target, reference, self._keys[place]))
        return self._keys[place]

    def _must_end(self, key: str, target: Spot) -> None:
        """Refuse a ring of references with nothing in it."""
        seen: set[str] = set()
        while key not in seen:
            seen.add(key)
            raw = self._definitions[key]
            reference = raw.get("$ref") if isinstance(raw, Mapping) else None
            if not isinstance(reference, str):
                return
            key = reference.removeprefix(DEFINED)
        raise target.fault("refers to itself")

    # keywords

    def _keywords(
        self, spot: Spot, depth: int, leave_out: frozenset[str] = frozenset()
    ) -> dict[str, object]:
        found: dict[str, object] = {AT: _at(spot)}
        for key in spot.object:
            if key not in leave_out:
                self._keyword(key, spot, found, depth)
        _older(spot, found)
        self._tuple(spot, found, depth)
        self._discriminator(spot, found)
        return found

    def _keyword(self, key: str, spot: Spot, found: dict[str, object], depth: int) -> None:
        if key in _ONE:
            if key != "items" or not isinstance(spot.object["items"], list):
                found[key] = self.schema(spot.child(key), depth + 1)
        elif key in _LISTS:
            found[key] = [self.schema(one, depth + 1) for one in spot.child(key).items()]
        elif key in _MAPS:
            inner = spot.child(key)
            found[key] = {n: self.schema(inner.child(n), depth + 1) for n in inner.object}
        elif key == "type":
            found[key] = _type(spot.child(key))
        elif key in _NUMBERS:
            found[key] = spot.object[key]
        elif key in _PLAIN:
            found[key] = self._plain_keyword(key, spot)
        elif key in _WORDS and isinstance(spot.object[key], str):
            found[key] = spot.object[key]

    def _plain_keyword(self, key: str, spot: Spot) -> object:
        value = spot.object[key]
        if spot.dialect == "draft-04" and key == "required" and isinstance(value, bool):
            raise spot.child(key).fault("is not a list, as in draft 3 of JSON Schema")
        if not isinstance(value, _PLAIN[key]) or (
            bool not in _PLAIN[key] and value.__class__ is bool and key != "const"
        ):
            raise spot.child(key).fault(f"is not a value that `{key}` takes")
        if isinstance(value, list):
            self._count(spot, len(value))
        if key == "required" and not all(isinstance(name, str) for name in value):  # type: ignore[attr-defined]
            raise spot.child(key).fault("is not a list of names")
        return value

    def _tuple(self, spot: Spot, found: dict[str, object], depth: int) -> None:
        """`items` as a list, and `additionalItems`, of the drafts before 2020-12; `dependencies`
        of those before 2019-09."""
        if isinstance(spot.object.get("items"), list):
            items = spot.child("items").items()
            found["prefixItems"] = [self.schema(one, depth + 1) for one in items]
            if "additionalItems" in spot.object:
                found["items"] = self.schema(spot.child("additionalItems"), depth + 1)
        inner = spot.get("dependencies")
        for name, one in inner.entries() if inner is not None else ():
            into = "dependentRequired" if isinstance(one.value, list) else "dependentSchemas"
            value = one.value if isinstance(one.value, list) else self.schema(one, depth + 1)
            group = found.setdefault(into, {})
            if isinstance(group, dict):
                group[name] = value

    def _discriminator(self, spot: Spot, found: dict[str, object]) -> None:
        """The branches by their tags: those that are named, and those that are called so."""
        inner = spot.get("discriminator")
        if inner is None or not isinstance(inner.value, Mapping):
            return
        tags: dict[str, object] = {}
        named = inner.get("mapping")
        for tag, one in named.entries() if named is not None else ():
            tags[tag] = self._tagged(str(one.value), one)
        known = {str(one.get("$ref")) for one in tags.values() if isinstance(one, Mapping)}
        for word in ("oneOf", "anyOf"):
            branches = found.get(word)
            for branch in branches if isinstance(branches, list) else ():
                reference = branch.get("$ref") if isinstance(branch, Mapping) else None
                if isinstance(reference, str) and reference not in known:
                    tag = reference.removeprefix(DEFINED).partition("~")[0]
                    tags.setdefault(tag, {"$ref": reference})
        name = inner.object.get("propertyName")
        if isinstance(name, str):
            found["discriminator"] = {"propertyName": name, "mapping": tags}

    def _tagged(self, reference: str, spot: Spot) -> object:
        """What a tag leads to: a name of a schema, or a reference."""
        if "#" not in reference and "/" not in reference and "." not in reference:
            reference = f"#/components/schemas/{reference}"
        key = self._definition(self._documents.target(reference, spot), reference)
        return {"$ref": f"{DEFINED}{key}"}


_MEANT = frozenset((
    *_ONE, *_LISTS, *_MAPS, *_NUMBERS, "type", "enum", "const", "required", "format", "pattern",
    "discriminator", "dependentRequired", "dependencies",
    *(k for k in _PLAIN if k.startswith(("min", "max", "unique"))),
))  # fmt: skip
"""Keywords that say something of values."""


def _at(spot: Spot) -> list[object]:
    return [spot.document.file, spot.pointer, *spot.at]


def _called(target: Spot, reference: str) -> str:
    """The name of a definition: the last step of its pointer, else its file."""
    last = target.pointer.rpartition("/")[2] or reference.partition("#")[0].rpartition("/")[2]
    name = last.replace("~1", "_").replace("~0", "_").partition(".")[0]
    return "".join(c if c.isalnum() or c in "_-" else "_" for c in name) or "Root"


def _type(spot: Spot) -> object:
    names = spot.value if isinstance(spot.value, list) else [spot.value]
    if not names or not all(isinstance(n, str) and n in _TYPES for n in names):
        raise spot.fault("is not a type of JSON Schema")
    return names if isinstance(spot.value, list) else spot.value


def _older(spot: Spot, found: dict[str, object]) -> None:
    """Keywords that had another form: bounds that are Booleans, and `nullable`."""
    for word, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(found.get(word), bool):
            exclusive = found.pop(word)
            if exclusive and bound in found:
                found[word] = found.pop(bound)
    for word in _NUMBERS & found.keys():
        if isinstance(found[word], bool | str | list | dict | None):
            raise spot.child(word if word in spot.object else "minimum").fault("is not a number")
    if spot.dialect == OPENAPI_3_0 and spot.object.get("nullable") is True and "type" in found:
        kind = found["type"]
        found["type"] = [*(kind if isinstance(kind, list) else [kind]), "null"]


_PROSE = frozenset((AT, "title", "description"))


def bare(raw: object) -> object:
    """A normalised schema without what says nothing of values: places and prose. So a digest over
    it does not change with them."""
    if not isinstance(raw, Mapping):
        return raw
    return {key: _bare_value(key, value) for key, value in raw.items() if key not in _PROSE}


def _bare_value(key: str, value: object) -> object:
    if key in _ONE:
        return bare(value)
    if key in _LISTS and isinstance(value, list):
        return [bare(one) for one in value]
    if key in _MAPS and isinstance(value, Mapping):
        return {name: bare(one) for name, one in value.items()}
    return value
