"""OpenAPI documents: which operations there are, and each with all that it reaches.

What is found out is plain JSON, so that the cache can keep it (`fqlc.contracts.shelf`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from fqlc.contracts.faults import FaultyContract
from fqlc.contracts.paths import path_of
from fqlc.contracts.places import AT, Place
from fqlc.contracts.reading.documents import Documents, Spot
from fqlc.contracts.reading.normal import Definitions, Normalizer

METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
_READ = re.compile(r"3\.[012](\.\d+)?(-.*)?")
_PLACES = ("path", "query", "header", "cookie")

Paths = dict[str, dict[str, list[str]]]
"""For each path of a contract its methods, in capitals, each with the paths of its servers."""


def opened(documents: Documents, file: str) -> Spot:
    """The document of a file, which is OpenAPI 3.0 to 3.2. Raises FaultyContract."""
    root = documents.open(file)
    must_be_read(root.value, f"`{file}`", root.place)
    return root


def must_be_read(document: object, name: str, place: Place | None = None) -> None:
    """Raises FaultyContract for a document that is not OpenAPI, or of a version that is not
    read."""
    if not isinstance(document, Mapping):
        raise FaultyContract(f"{name} is not an OpenAPI document", place)
    version = document.get("openapi")
    if "swagger" in document:
        raise FaultyContract(
            f"{name} is Swagger {str(document['swagger'])[:20]}, not OpenAPI 3", place,
            "convert it to OpenAPI 3.0 or later, for example with the npm package swagger2openapi",
            fetch=False,
        )  # fmt: skip
    if not isinstance(version, str) or not _READ.fullmatch(version):
        said = f"version {str(version)[:20]}" if version is not None else "no version"
        raise FaultyContract(
            f"{name} has {said} of OpenAPI", place, "fqlc reads OpenAPI 3.0, 3.1 and 3.2",
            fetch=False,
        )  # fmt: skip


def paths_of(documents: Documents, file: str) -> Paths:
    """The paths and methods of a contract. Raises FaultyContract."""
    root = opened(documents, file)
    paths = root.get("paths")
    found: Paths = {}
    for path, written in paths.entries() if paths is not None else ():
        item = documents.followed(written)
        methods = [m for m in METHODS if isinstance(item.object.get(m), Mapping)]
        found[path] = {m.upper(): _server_paths([item.child(m), item, root]) for m in methods}
    return found


def _server_paths(levels: list[Spot]) -> list[str]:
    """The paths of the servers of an operation, of the nearest level that names any."""
    for level in levels:
        servers = level.object.get("servers")
        if isinstance(servers, list) and servers:
            return [_server_path(one) for one in servers if isinstance(one, Mapping)]
    return []


def _server_path(server: Mapping[str, object]) -> str:
    """The path of a server's url, with the default values of its variables."""
    url = str(server.get("url", "/"))
    variables = server.get("variables")
    for name, one in variables.items() if isinstance(variables, Mapping) else ():
        value = one.get("default") if isinstance(one, Mapping) else None
        url = url.replace(f"{{{name}}}", str(value))
    return path_of(url).rstrip("/")


def operation_of(
    documents: Documents, made: Definitions, file: str, method: str, path: str
) -> dict[str, object]:
    """One operation and all that it reaches, as JSON. Raises FaultyContract."""
    root = opened(documents, file)
    item = documents.followed(root.child("paths").child(path))
    written = item.child(method.lower())
    reader = _Reader(documents, made)
    found: dict[str, object] = {
        "name": f"{method} {path}",
        "method": method,
        "path": path,
        "deprecated": written.object.get("deprecated") is True,
        "parameters": reader.parameters([item, written]),
        "body": reader.body(written.get("requestBody")),
        "answers": reader.answers(written.get("responses")),
        AT: _at(written),
    }
    return {**found, "definitions": reader.normalizer.finished()}


def _at(spot: Spot) -> list[object]:
    return [spot.document.file, spot.pointer, *spot.at]


class _Reader:
    """Reads the parts of one operation."""

    def __init__(self, documents: Documents, made: Definitions) -> None:
        self._documents = documents
        self.normalizer = Normalizer(documents, made)

    def parameters(self, levels: list[Spot]) -> list[object]:
        """Those of the path, replaced by those of the operation of the same name and place."""
        found: dict[tuple[str, str], object] = {}
        for level in levels:
            listed = level.get("parameters")
            for one in listed.items() if listed is not None else ():
                spot = self._documents.followed(one)
                name, where = spot.object.get("name"), spot.object.get("in")
                if not isinstance(name, str) or where not in _PLACES:
                    raise spot.fault("is not a parameter")
                found[str(where), name] = self._parameter(spot, name, str(where))
        return list(found.values())

    def _parameter(self, spot: Spot, name: str, where: str) -> object:
        schema = spot.get("schema")
        return {
            "name": name,
            "in": where,
            "required": spot.object.get("required") is True or where == "path",
            "schema": None if schema is None else self.normalizer.schema(schema),
            "deprecated": spot.object.get("deprecated") is True,
            AT: _at(spot),
        }

    def body(self, written: Spot | None) -> object:
        """The request body; None where there is none."""
        if written is None:
            return None
        spot = self._documents.followed(written)
        required = spot.object.get("required") is True
        return {"media": self._media(spot), "required": required, AT: _at(spot)}

    def answers(self, written: Spot | None) -> list[object]:
        """What is answered under each status."""
        if written is None:
            return []
        return [
            {"status": status.upper() if status != "default" else status,
             "media": self._media(spot), AT: _at(spot)}
            for status, one in written.entries()
            for spot in [self._documents.followed(one)]
        ]  # fmt: skip

    def _media(self, spot: Spot) -> dict[str, object]:
        content = spot.get("content")
        found: dict[str, object] = {}
        for media, one in content.entries() if content is not None else ():
            schema = self._documents.followed(one).get("schema")
            name = media.partition(";")[0].strip().lower()
            if name not in found or found[name] is None:
                found[name] = None if schema is None else self.normalizer.schema(schema)
        return found
