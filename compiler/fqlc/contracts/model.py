"""Contracts as the rest of the compiler sees them: operations, and schemas in one dialect.

Whatever was written (OpenAPI 3.0, 3.1, 3.2, JSON Schema from draft 4 on), what is here is JSON
Schema 2020-12: `nullable` is a type, bounds are numbers, a tuple of items is `prefixItems`, and
references lead to `Operation.definitions`. Frozen, and data only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

from fqlc.contracts.places import DEFINED, Json, Place, Raw, name_of, place_of
from fqlc.source.text import Span

Where = Literal["path", "query", "header", "cookie"]

SILENT = frozenset((
    "not", "if", "then", "else", "dependentSchemas", "dependentRequired", "patternProperties",
    "propertyNames", "unevaluatedProperties", "unevaluatedItems", "contains", "minContains",
    "maxContains", "contentSchema",
))  # fmt: skip
"""Keywords that nobody judges in a value that is computed; `fqlc contract check --strict` lists
each place that has one."""


@dataclass(frozen=True, slots=True)
class Schema:
    """One schema, with references followed: `raw` never has a `$ref`.

    `name` is what it is called in the contract (the last part of the reference that led here),
    empty for one that is written in place; two schemas of one `key` are the same, so a walk that
    meets a key again has gone round. `read_only`, `write_only` and `deprecated` hold where the
    schema says so or a reference to it does.
    """

    raw: Raw
    definitions: Mapping[str, object] = field(repr=False, compare=False)
    key: str = ""
    name: str = ""
    never: bool = False
    """True for the schema `false`, which nothing fits."""
    read_only: bool = False
    write_only: bool = False
    deprecated: bool = False

    @property
    def place(self) -> Place:
        """Where it was written."""
        return place_of(self.raw)

    @property
    def types(self) -> frozenset[str] | None:
        """The types of JSON it allows, as `string`, `integer`, `null`; None where it names none and
        every type is allowed."""
        given = self.raw.get("type")
        if given is None:
            return None
        return frozenset([given] if isinstance(given, str) else cast("Sequence[str]", given))

    @property
    def allows_null(self) -> bool:
        """True where `type`, `enum` and `const` of this very schema leave room for null; parts and
        branches are other schemas."""
        types = self.types
        members = self.members
        by_type = types is None or "null" in types
        return not self.never and by_type and (members is None or None in members)

    @property
    def members(self) -> tuple[object, ...] | None:
        """The values of `enum`, or the one of `const`; None for neither."""
        if "const" in self.raw:
            return (self.raw["const"],)
        found = self.raw.get("enum")
        return tuple(found) if isinstance(found, Sequence) else None

    @property
    def format(self) -> str:
        """`format`, empty for none."""
        return self.text("format")

    @property
    def description(self) -> str:
        """What people are told of it."""
        return self.text("description") or self.text("title")

    @property
    def properties(self) -> Mapping[str, Schema]:
        """The declared properties, in the order written."""
        found = self.raw.get("properties")
        return {n: self.at(s) for n, s in found.items()} if isinstance(found, Mapping) else {}

    @property
    def required(self) -> frozenset[str]:
        """The properties that must be there."""
        found = self.raw.get("required")
        return frozenset(map(str, found)) if isinstance(found, Sequence) else frozenset()

    @property
    def additional(self) -> Schema | None:
        """What properties that are not declared must fit; None where anything goes. One that is
        `never` forbids them."""
        return self.child("additionalProperties")

    @property
    def items(self) -> Schema | None:
        """What items must fit, after those of `prefix`; None where anything goes."""
        return self.child("items")

    @property
    def prefix(self) -> tuple[Schema, ...]:
        """What the first items must fit, one by one."""
        return self.children("prefixItems")

    @property
    def all_of(self) -> tuple[Schema, ...]:
        """Schemas that all must be fitted as well."""
        return self.children("allOf")

    @property
    def any_of(self) -> tuple[Schema, ...]:
        """Schemas of which one or more must be fitted."""
        return self.children("anyOf")

    @property
    def one_of(self) -> tuple[Schema, ...]:
        """Schemas of which exactly one must be fitted."""
        return self.children("oneOf")

    @property
    def discriminator(self) -> Discriminator | None:
        """The property that tells the branch of `oneOf` or `anyOf`, where there is one."""
        found = self.raw.get("discriminator")
        if not isinstance(found, Mapping):
            return None
        name = str(found.get("propertyName", ""))
        branches: dict[str, Schema] = {}
        for tag, raw in cast("Mapping[str, object]", found.get("mapping", {})).items():
            branch = self.at(raw)
            own = branch._texts_of(name)
            for each in [tag] if not own or tag in own else own:
                branches.setdefault(each, branch)
        return Discriminator(name, branches)

    def _texts_of(self, name: str) -> list[str]:
        """The texts that a property can be; none for any."""
        found = (part.properties.get(name) for part in self.parts())
        members = (one.members or () for one in found if one is not None)
        return [text for given in members for text in given if isinstance(text, str)]

    @property
    def silent(self) -> tuple[str, ...]:
        """The keywords of this very schema that nobody judges in computed values, sorted."""
        return tuple(sorted(SILENT & self.raw.keys()))

    def parts(self) -> Iterator[Schema]:
        """This schema and, flat, all that its `allOf` asks for besides; each once."""
        waiting, seen = [self], set[str]()
        while waiting:
            part = waiting.pop(0)
            if part.key not in seen:
                seen |= {part.key} - {""}
                yield part
                waiting[:0] = part.all_of

    def number(self, keyword: str) -> object | None:
        """A bound, as `minimum` or `maxLength`: an int or a `JsonNumber`; None for none."""
        return self.raw.get(keyword)

    def text(self, keyword: str) -> str:
        """A keyword whose value is a text, as `pattern`; empty for none."""
        found = self.raw.get(keyword)
        return found if isinstance(found, str) else ""

    def child(self, keyword: str) -> Schema | None:
        """The schema of a keyword; None where it is not there."""
        return self.at(self.raw[keyword]) if keyword in self.raw else None

    def children(self, keyword: str) -> tuple[Schema, ...]:
        """The schemas of a keyword that has a list of them."""
        found = self.raw.get(keyword)
        return tuple(map(self.at, found)) if isinstance(found, Sequence) else ()

    def at(self, raw: Json) -> Schema:
        """A schema that is written within this one."""
        return schema_of(raw, self.definitions)

    def document(self) -> dict[str, object]:
        """A JSON Schema of its own that says the same, for a validator."""
        return {"$schema": DIALECT, **self.raw, "$defs": dict(self.definitions)}


def kind_of(value: object) -> str:
    """The type of JSON that a value has, by its word in a schema; a whole number is an
    `integer`."""
    if value is None:
        return "null"
    for kinds, word in _WORDS:
        if isinstance(value, kinds):
            return word
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return "integer" if whole else "number"


_WORDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "boolean"), (str, "string"), ((list, tuple), "array"), (Mapping, "object"),
)  # fmt: skip
DIALECT = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True, slots=True)
class Discriminator:
    """The property whose value tells the branch, and the branch for each value. A branch that the
    contract gives no value is there under its name, or by what it says itself that the property is:
    many contracts have `discriminator: {propertyName: type}` and `type: {enum: [auto]}` in a branch
    of another name."""

    property: str
    branches: Mapping[str, Schema]


def schema_of(raw: Json, definitions: Mapping[str, object]) -> Schema:
    """The schema of normalised JSON, its references followed. They end: the reader has seen to
    it."""
    marks = dict.fromkeys(("readOnly", "writeOnly", "deprecated"), False)
    key = name = ""
    while isinstance(raw, Mapping):
        marks = {mark: given or raw.get(mark) is True for mark, given in marks.items()}
        reference = raw.get("$ref")
        if not isinstance(reference, str):
            break
        key = reference.removeprefix(DEFINED)
        name = name_of(key)
        raw = definitions[key]
    never = raw is False
    return Schema(
        raw=raw if isinstance(raw, Mapping) else {},
        definitions=definitions,
        key=key,
        name=name,
        never=never,
        read_only=marks["readOnly"],
        write_only=marks["writeOnly"],
        deprecated=marks["deprecated"],
    )


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation. `schema` is None where the contract says nothing of its value,
    or the value is not a plain one (`content`)."""

    name: str
    where: Where
    required: bool
    schema: Schema | None
    deprecated: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Content:
    """A body by its media types, in lower case and without parameters, as `application/json`; the
    schema is None where there is none and anything goes."""

    media: Mapping[str, Schema | None]
    required: bool
    place: Place

    def json(self) -> tuple[str, Schema | None] | None:
        """The first media type that is JSON (`application/json`, `+json`, `*/*`), with its
        schema; None where none is."""
        found = (pair for pair in self.media.items() if is_json(pair[0]))
        return next(iter(sorted(found, key=lambda pair: pair[0] != "application/json")), None)


def is_json(media: str) -> bool:
    """True for media types that take JSON."""
    return media in ("application/json", "application/*", "*/*") or media.endswith("+json")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver answers under a status: `201`, `2XX` or `default`."""

    status: str
    content: Content


@dataclass(frozen=True, slots=True)
class Operation:
    """What a webhook is judged by.

    Of an OpenAPI document `name` is `POST /orders/{id}/labels`. Of `contract: { body, response }`
    it is empty, as are `method`, `path` and the parameters; `body` and `answers` are there as far
    as they are given, as `application/json`.
    """

    contract: str
    """The file, as messages name it."""
    name: str
    method: str
    path: str
    """The template of the contract, as `/orders/{id}/labels`."""
    parameters: tuple[Parameter, ...]
    body: Content | None
    """None where the operation takes no body."""
    answers: tuple[Answer, ...]
    deprecated: bool
    place: Place
    sha256: str
    """Over the canonical JSON of all that the operation reaches, prose and places left out."""
    definitions: Mapping[str, object] = field(repr=False, compare=False)
    stored: Mapping[str, object] = field(repr=False, compare=False)
    """All of it as JSON."""

    @property
    def documented(self) -> bool:
        """True for an operation of OpenAPI, which has parameters and media types."""
        return bool(self.method)

    def parameter(self, where: Where, name: str) -> Parameter | None:
        """The parameter of a name; names of headers do not differ by case."""
        wanted = name.lower() if where == "header" else name
        for one in self.parameters:
            if (
                one.where == where
                and (one.name.lower() if where == "header" else one.name) == wanted
            ):
                return one
        return None


@dataclass(frozen=True, slots=True)
class Binding:
    """The operation that a webhook is bound to. `ActionModel.contract` is one of these; it is None
    where there is no contract, `contract: null` says so, or why there is no operation was
    reported (FQL401, FQL402).

    `at` is the key `contract` that binds it.
    """

    operation: Operation
    at: Span
    owner: str = ""
    """The endpoint whose contract it is; empty for one of the webhook's own."""
