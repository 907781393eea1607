"""Projects of a source and a contract, in memory."""

from __future__ import annotations

from collections.abc import Mapping

from fql.exact.reading import read_object
from fql.exact.writing import canonical_json
from fqlc.diagnostics.compilation import Compilation
from fqlc.names.symbols import EntityInfo
from fqlc.pipeline import Checked, check_project, compile_project

Files = Mapping[str, str | bytes | object]

SOURCE = """\
entity Order {
  id: UUID @key
  weight: Float
  note: String?
}
endpoint crm {
  url: "https://crm.example.com/v2"
  contract: "crm.json"
}
observer shipped {
  on: Order.update
  webhook label { endpoint: crm  path: "/orders/{{ id }}/labels"  body: { weight } }
  webhook tell { url: "https://tell.example.com"  body: { BODY } }
}
"""


def source(body: str = "id") -> str:
    """The observer above, whose second action sends a body."""
    return SOURCE.replace("BODY", body)


def openapi(answer: object, **more: object) -> dict[str, object]:
    """A contract whose one operation answers so; `more` are schemas by name."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "CRM", "version": "1"},
        "paths": {
            "/v2/orders/{id}/labels": {
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
                ],
                "post": {
                    "requestBody": {"content": {"application/json": {"schema": True}}},
                    "responses": {
                        "201": {
                            "description": "made",
                            "content": {"application/json": {"schema": answer}},
                        }
                    },
                },
            }
        },
        "components": {"schemas": more},
    }


def _bytes(content: object) -> bytes:
    if isinstance(content, bytes):
        return content
    return content.encode() if isinstance(content, str) else canonical_json(content)


def checked(files: Files) -> Checked:
    """What a check of `a.fql` among these files finds."""
    known = {name: _bytes(content) for name, content in files.items()}
    return check_project(["a.fql"], known.get)


def compiled(files: Files) -> Compilation:
    """What a compile of `a.fql` makes."""
    known = {name: _bytes(content) for name, content in files.items()}
    return compile_project(["a.fql"], known.get)


def plan_of(files: Files) -> dict[str, object]:
    """The plan of a project without errors."""
    done = compiled(files)
    assert done.plan is not None, [d.message for d in done.diagnostics]
    return read_object(done.plan)


def found(files: Files) -> list[tuple[str, str]]:
    """Codes and messages."""
    return [(d.code, d.message) for d in checked(files).diagnostics]


def answer_of(files: Files, action: str = "label") -> EntityInfo:
    """The object that an action is answered."""
    return checked(files).program.project.answers[f"shipped.{action}"]
