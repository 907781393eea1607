"""Validators that are not ours, for what is exported."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from fql.exact.writing import pretty_json
from fql.plan.model import Plan
from fql.plan.stored.codec import read_plan
from fqlc.checks.reading.declared.expectations import read_tests
from fqlc.checks.reading.declared.model import TestModel
from fqlc.cli.exporting.examples import decoded_form
from fqlc.diagnostics.sink import Sink
from fqlc.exporting.actions import Action
from fqlc.exporting.documents import FORMS
from fqlc.exporting.wanted import Example, Wanted
from fqlc.pipeline import check_project, plan_of

FORMATS = FormatChecker()


def checked(path: Path) -> tuple[Plan | None, tuple[TestModel, ...]]:
    """The plan of a program and its tests; no plan where it has errors. It may read files beside
    it, such as contracts."""

    def read(name: str) -> bytes | None:
        file = path.parent / name
        return file.read_bytes() if file.is_file() else None

    return _checked(path.name, read)


def checked_text(text: str) -> tuple[Plan | None, tuple[TestModel, ...]]:
    """The same of a text."""
    return _checked("case.fql", {"case.fql": text.encode()}.get)


def _checked(
    name: str, read: Callable[[str], bytes | None]
) -> tuple[Plan | None, tuple[TestModel, ...]]:
    found = check_project([name], read)
    data = plan_of(found)
    return (None if data is None else read_plan(data)), read_tests(found.program, Sink())


@cache
def _of_openapi() -> Draft202012Validator:
    """The meta schema of OpenAPI 3.1, which looks into `webhooks`."""
    place = files("openapi_spec_validator") / "resources/schemas/v3.1/schema.json"
    return Draft202012Validator(json.loads(place.read_text(encoding="utf-8")))


def problems_of_openapi(document: Mapping[str, Any]) -> list[str]:
    """What the meta schema says, which schemas are no schemas, and references that lead nowhere."""
    found = [error.message for error in _of_openapi().iter_errors(document)]
    for schema in schemas_in(document):
        found += [e.message for e in _META.iter_errors(schema)]
    registry = Registry().with_resource("", DRAFT202012.create_resource(dict(document)))
    found += [ref for ref in references_in(document) if not _leads(ref, registry)]
    return found


_META = Draft202012Validator(Draft202012Validator.META_SCHEMA)


def _leads(ref: str, registry: Any) -> bool:
    try:
        registry.resolver().lookup(ref)
    except Exception:
        return False
    return True


def references_in(part: object) -> Iterator[str]:
    """Every `$ref`."""
    if isinstance(part, Mapping):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from references_in(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references_in(inner)


def schemas_in(part: object) -> Iterator[Any]:
    """Every schema of an OpenAPI document."""
    if isinstance(part, Mapping):
        if "schema" in part:
            yield part["schema"]
        yield from part.get("schemas", {}).values()
        for inner in part.values():
            yield from schemas_in(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from schemas_in(inner)


def document(plan: Plan, actions: list[Action], form: str = "jsonschema", **more: Any) -> Any:
    """A document of some actions, as JSON reads it."""
    examples: Mapping[str, list[Example]] = more.get("examples", {})
    wanted = Wanted("test", "", actions, plan, more.get("closed", False), examples)
    return json.loads(pretty_json(FORMS[form](wanted)))


def body_problems(schema: Mapping[str, Any], name: str, body: object) -> list[str]:
    """Why a body is not what a document says that an action sends."""
    validator = Draft202012Validator(
        {"$ref": f"#/$defs/{name}", "$defs": schema["$defs"]}, format_checker=FORMATS
    )
    return [f"{e.json_path}: {e.message}"[:300] for e in validator.iter_errors(body)]


def as_received(action: Action, shown: object) -> object:
    """The body of a request, as tests and dead letters show it, as a receiver's program sees it."""
    if action.node.config.format == "form":
        assert action.body is not None
        shown = decoded_form(str(shown).encode(), action.body.shape)
    return json.loads(pretty_json(shown))
