"""A contract made of several documents as one, for `fqlc contract update`. Pure but for `fetch`.

Schemas that are elsewhere become `components/schemas`, so that those which hold themselves still
can; whatever else is elsewhere is written in place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import unquote, urldefrag, urljoin

from fqlc.contracts.faults import FaultyContract
from fqlc.contracts.reading.openapi import must_be_read

Fetch = Callable[[str], object]
"""The document at a url, as JSON values. Raises FaultyContract."""

Object = dict[str, object]

MOST_DOCUMENTS = 200
_DEEPEST = 100
_SCHEMAS = frozenset((
    "schema", "items", "additionalProperties", "not", "if", "then", "else", "contains",
    "propertyNames", "unevaluatedProperties", "unevaluatedItems", "contentSchema",
    "additionalItems",
))  # fmt: skip
_LISTS = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
_MAPS = frozenset((
    "properties", "patternProperties", "dependentSchemas", "$defs", "definitions", "schemas",
))  # fmt: skip


def bundled(url: str, fetch: Fetch) -> Object:
    """The document of a url, which then refers to nothing but itself. Raises FaultyContract."""
    return _Bundler(url, fetch).whole()


class _Bundler:
    def __init__(self, url: str, fetch: Fetch) -> None:
        self._root_url = url
        self._fetch = fetch
        self._documents: dict[str, object] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._added: Object = {}

    def whole(self) -> Object:
        root = self._document(self._root_url)
        must_be_read(root, f"`{self._root_url[:200]}`")
        if not isinstance(root, dict):
            raise FaultyContract("it is not an OpenAPI document")
        schemas = root.get("components", {})
        known = schemas.get("schemas", {}) if isinstance(schemas, dict) else {}
        self._taken = set(known) if isinstance(known, dict) else set()
        found = self._bundled_object(root, self._root_url, "", 0)
        if self._added:
            components = found.setdefault("components", {})
            if isinstance(components, dict):
                components["schemas"] = {**components.get("schemas", {}), **self._added}
        return found

    def _document(self, url: str) -> object:
        if url not in self._documents:
            if len(self._documents) >= MOST_DOCUMENTS:
                raise FaultyContract(f"it is made of more than {MOST_DOCUMENTS} documents")
            self._documents[url] = self._fetch(url)
        return self._documents[url]

    def _bundled_value(self, value: object, base: str, kind: str, depth: int) -> object:
        if depth > _DEEPEST * 2:
            raise FaultyContract("its references lead deeper and deeper")
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                return self._reference(value, base, kind, depth)
            return self._bundled_object(value, base, kind, depth)
        if isinstance(value, list):
            return [self._bundled_value(one, base, kind, depth + 1) for one in value]
        return value

    def _bundled_object(self, value: Object, base: str, kind: str, depth: int) -> Object:
        return {
            k: self._bundled_value(v, base, _inner(kind, k), depth + 1) for k, v in value.items()
        }

    def _reference(self, value: Object, base: str, kind: str, depth: int) -> object:
        target, fragment = urldefrag(urljoin(base, str(value["$ref"])))
        if target == self._root_url:
            return {**value, "$ref": f"#{fragment}"}
        if kind not in ("schema", "map"):
            return self._bundled_value(self._pointed(target, fragment), target, kind, depth + 1)
        name = self._schema(target, fragment)
        return {**value, "$ref": f"#/components/schemas/{name}"}

    def _schema(self, target: str, fragment: str) -> str:
        """The name under which a schema that is elsewhere is put into the components."""
        place = target, fragment
        if place not in self._names:
            last = (fragment or target).rpartition("/")[2].partition(".")[0]
            wanted = "".join(c if c.isalnum() or c in "_-" else "_" for c in last) or "Schema"
            name, number = wanted, 1
            while name in self._taken:
                number += 1
                name = f"{wanted}_{number}"
            self._taken.add(name)
            self._names[place] = name
            self._added[name] = {}
            self._added[name] = self._bundled_value(
                self._pointed(target, fragment), target, "schema", 0
            )
        return self._names[place]

    def _pointed(self, url: str, pointer: str) -> object:
        found = self._document(url)
        for step in unquote(pointer).split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            if isinstance(found, Mapping) and key in found:
                found = found[key]
            elif isinstance(found, list) and key.isdigit() and int(key) < len(found):
                found = found[int(key)]
            else:
                raise FaultyContract(f"`{url}#{pointer}` leads nowhere")
        return found


def _inner(kind: str, key: str) -> str:
    """What the value of a key is: a schema, a map of schemas, or anything else."""
    if kind == "map":
        return "schema"
    if key in _SCHEMAS:
        return "schema"
    if key in _LISTS:
        return "schema"
    if key in _MAPS and (kind == "schema" or key == "schemas"):
        return "map"
    return ""
