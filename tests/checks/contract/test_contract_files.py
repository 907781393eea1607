"""Contracts as they are met: OpenAPI 3.0, 3.1 and 3.2, JSON and YAML, references over files; and
how what is found in them is shown."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from fqlc.diagnostics.model import Diagnostic
from fqlc.diagnostics.render import render
from fqlc.diagnostics.render.github import render_github
from fqlc.diagnostics.render.json_lines import render_json
from fqlc.diagnostics.render.sarif import render_sarif
from fqlc.pipeline import Checked, check_project

PROGRAM = """\
entity Order { id: UUID @key  weight: Decimal  note: String? }
endpoint crm { url: "https://crm.example.com"  contract: "FILE" }
observer tell {
  on: Order.insert
  webhook hook { endpoint: crm  path: "/orders"
    body: BODY
  }
}
"""
SCHEMAS: Mapping[str, object] = {
    "Order": {
        "allOf": [
            {"$ref": "#/components/schemas/Base"},
            {"type": "object", "properties": {"parcel": {"$ref": "#/components/schemas/Parcel"}}},
        ]
    },
    "Base": {
        "type": "object",
        "required": ["id", "made"],
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "made": {"type": "string", "readOnly": True},
        },
    },
    "Parcel": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "weight": {"$ref": "#/components/schemas/Weight"},
            "note": {"$ref": "#/components/schemas/Note"},
        },
    },
    "Weight": {"type": "number", "minimum": 0, "maximum": 70},
}
NOTES = {
    "3.0.3": {"type": "string", "nullable": True},
    "3.1.0": {"type": ["string", "null"]},
    "3.2.0": {"type": ["string", "null"]},
}


def _document(version: str, note: object) -> dict[str, object]:
    body = {"$ref": "#/components/schemas/Order"}
    post = {
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {"204": {"description": "taken"}},
    }
    return {
        "openapi": version,
        "info": {"title": "Orders", "version": "1"},
        "paths": {"/orders": {"post": post}},
        "components": {"schemas": {**SCHEMAS, "Note": note}},
    }


def _checked(body: str, files: Mapping[str, object], name: str = "api.json") -> Checked:
    text = PROGRAM.replace("BODY", body).replace("FILE", name)
    data = {path: json.dumps(value, indent=1).encode() for path, value in files.items()}
    return check_project(["case.fql"], {"case.fql": text.encode(), **data}.get)


def _codes(found: tuple[Diagnostic, ...]) -> list[str]:
    return [d.code for d in found]


@pytest.mark.parametrize("version", NOTES)
def test_every_version_says_the_same(version: str) -> None:
    files = {"api.json": _document(version, NOTES[version])}
    fits = "{ id, parcel: { weight: weight.to_float(), note } }"
    assert _codes(_checked(fits, files).diagnostics) == []
    slips = "{ id, parcel: { weight, nots: note } }"
    assert _codes(_checked(slips, files).diagnostics) == ["FQL413", "FQL412"]
    strict = {"api.json": _document(version, {"type": "string"})}
    assert _codes(_checked(fits, strict).diagnostics) == ["FQL414"]


def test_references_lead_over_files() -> None:
    document = _document("3.1.0", {"$ref": "shared/notes.json#/deep/er/Note"})
    shared = {"deep": {"er": {"Note": {"$ref": "#/deep/Text"}}, "Text": {"type": "string"}}}
    files = {"api.json": document, "shared/notes.json": shared}
    (report,) = _checked("{ id, parcel: { note } }", files).diagnostics
    assert report.code == "FQL414"
    label = report.labels[-1]
    assert (label.span.path, label.pointer) == ("shared/notes.json", "/deep/Text")


def test_a_schema_of_its_own_is_judged_as_well() -> None:
    text = PROGRAM.replace('endpoint: crm  path: "/orders"', 'url: "https://x.example.com/"')
    text = text.replace("BODY", '{ weight }\ncontract: { body: "order.json" }')
    text = text.replace('contract: "FILE"', "")
    files = {
        "case.fql": text.encode(),
        "order.json": b'{"properties":{"weight":{"maximum":5,"type":"number"}}}',
    }
    found = check_project(["case.fql"], files.get).diagnostics
    assert "FQL413" in _codes(found)


def test_each_rendering_tells_both_places() -> None:
    checked = _checked("{ id, parcel: { weight } }", {"api.json": _document("3.1.0", {})})
    found, sources = checked.diagnostics, checked.sources
    assert _codes(found) == ["FQL413"]
    text = render(found, sources)
    assert "takes a number" in text
    assert "api.json" in text
    told = json.loads(render_json(found, sources).splitlines()[0])
    assert told["labels"][-1]["pointer"] == "/components/schemas/Weight"
    assert told["fix"]["safe"] is True
    assert "::error file=case.fql" in render_github(found, sources)
    sarif = render_sarif(found, sources)
    assert "api.json" in sarif
    assert "FQL413" in sarif
