"""What is exported of programs, for judges; and the same with a fault that they must find."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from fqlc.cli.exporting.examples import examples_of
from fqlc.exporting.documents import Options, endpoints_of, whole
from tests.exporting.validating import checked

ROOT = Path(__file__).parents[3]
PROGRAMS = {
    "kinds_of_bodies": ROOT / "tests/exporting/kinds_of_bodies.fql",
    **{path.parent.name: path for path in sorted((ROOT / "examples").glob("*/shop.fql"))},
}


VERDICTS = Path(__file__).parent / "verdicts.json"


def documents() -> dict[str, bytes]:
    """All documents, sound and broken, by their names."""
    return {name: exported(name) for name in PROGRAMS} | broken()


def digest(document: bytes) -> str:
    """What a document is known by."""
    return sha256(document).hexdigest()


def exported(name: str) -> bytes:
    """The OpenAPI document of a program."""
    plan, tests = checked(PROGRAMS[name])
    assert plan is not None, name
    examples = examples_of(plan, tests)
    actions = [a for group in endpoints_of(plan, "openapi").values() for a in group]
    return whole(actions, plan, Options("openapi", version="1.0.0", examples=examples))


def broken() -> dict[str, bytes]:
    """Documents with one fault each, inside of `webhooks`."""
    found: dict[str, bytes] = {}
    for fault in ("wrong type", "dangling reference", "example that does not fit"):
        document = json.loads(exported("kinds_of_bodies"))
        operation = document["webhooks"]["order_shipped.label"]["post"]
        _break(operation["requestBody"]["content"]["application/json"], fault)
        found[fault] = json.dumps(document).encode()
    return found


def _break(media: dict[str, Any], fault: str) -> None:
    properties = media["schema"]["properties"]
    if fault == "wrong type":
        properties["total"] = {"type": "objekt"}
    elif fault == "dangling reference":
        properties["total"] = {"$ref": "#/components/schemas/Gone"}
    else:
        media["examples"]["ships"]["value"]["items"] = 5
