"""`fqlc contract` against a server that is really there."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.contracts.projects import openapi, source
from tests.published import assert_valid

_LABEL = {"type": "object", "required": ["url"], "properties": {"url": {"type": "string"}}}


@dataclass
class Served:
    """Documents by path, and the headers that each request came with."""

    port: int = 0
    documents: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)


@pytest.fixture
def served() -> Iterator[Served]:
    found = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append((self.path, self.headers.get("Authorization")))
            body = found.documents.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: Served) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CRM_TOKEN", "t-1")
    (tmp_path / "a.fql").write_text(source("u: label.response.url"))
    (tmp_path / "crm.json").write_bytes(_document(_LABEL))
    (tmp_path / "fql.toml").write_text(
        '[egress]\nallow = ["127.0.0.1"]\n[contracts.crm]\n'
        f'source = "http://127.0.0.1:{served.port}/crm.json"\n'
        'headers = { Authorization = "Bearer ${CRM_TOKEN}" }\n'
    )
    return tmp_path


def _document(answer: object, **more: object) -> bytes:
    return json.dumps(openapi(answer, **more)).encode()


def _run(*arguments: str) -> int:
    from fqlc.cli.main import run

    return run(["contract", *arguments])


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> pytest.CaptureFixture[str]:
    return capsys


def test_update_writes_what_is_served_and_tells_what_changes_in_use(
    project: Path, served: Served, told: pytest.CaptureFixture[str]
) -> None:
    served.documents["/crm.json"] = _document({"$ref": "more/label.yaml#/Label"})
    served.documents["/more/label.yaml"] = (
        b"Label: {type: object, required: [url], properties: {url: {type: string},"
        b" next: {$ref: '#/Label'}, on: {const: 'no'}}}"
    )
    assert _run("update", "crm") == 0
    output = told.readouterr()
    assert "POST /v2/orders/{id}/labels  used by shipped.label" in output.out
    assert "1 of 1 operation in use changed" in output.err
    assert served.asked == [("/crm.json", "Bearer t-1"), ("/more/label.yaml", "Bearer t-1")]
    written = json.loads((project / "crm.json").read_bytes())
    label = written["components"]["schemas"]["Label"]
    assert label["properties"]["next"] == {"$ref": "#/components/schemas/Label"}
    assert label["properties"]["on"] == {"const": "no"}
    assert _run("update", "crm") == 0
    assert "crm.json is as it was" in told.readouterr().err


@pytest.mark.parametrize(
    ("served_as", "said"),
    [
        (None, "answers 404"),
        (b"{", "is not a contract"),
        (b'{"openapi": "3.1.0"}', "is not valid"),
        (b"[]", "is not an OpenAPI document"),
        (b'{"swagger": "2.0"}', "is Swagger 2.0, not OpenAPI 3"),
        (b"openapi: 4.0.0", "has version 4.0.0 of OpenAPI"),
        (b'{"info": {}}', "has no version of OpenAPI"),
    ],
)
def test_what_cannot_be_used_changes_nothing(
    project: Path,
    served: Served,
    told: pytest.CaptureFixture[str],
    served_as: bytes | None,
    said: str,
) -> None:
    if served_as is not None:
        served.documents["/crm.json"] = served_as
    before = (project / "crm.json").read_bytes()
    assert _run("update") == 3
    assert said in told.readouterr().err
    assert (project / "crm.json").read_bytes() == before
    assert sorted(p.name for p in project.iterdir()) == ["a.fql", "crm.json", "fql.toml"]


def test_an_address_that_egress_refuses_is_not_asked(
    project: Path, served: Served, told: pytest.CaptureFixture[str]
) -> None:
    settings = (project / "fql.toml").read_text().replace("127.0.0.1", "10.0.0.1", 1)
    (project / "fql.toml").write_text(settings)
    assert _run("update", "crm") == 3
    assert served.asked == []
    assert "cannot be fetched" in told.readouterr().err


def test_headers_are_not_shown_to_another_host(project: Path, served: Served) -> None:
    other = f"http://localhost:{served.port}/label.json"
    settings = (project / "fql.toml").read_text()
    (project / "fql.toml").write_text(
        settings.replace('["127.0.0.1"]', '["127.0.0.1", "localhost"]')
    )
    served.documents["/crm.json"] = _document({"$ref": other})
    served.documents["/label.json"] = json.dumps(_LABEL).encode()
    assert _run("update", "crm") == 0
    assert served.asked == [("/crm.json", "Bearer t-1"), ("/label.json", None)]


def test_check_tells_of_drift_online_only(
    project: Path, served: Served, told: pytest.CaptureFixture[str]
) -> None:
    served.documents["/crm.json"] = _document(_LABEL, Unused={"type": "string"})
    assert _run("check") == 0
    assert _run("check", "--online") == 0
    served.documents["/crm.json"] = _document({**_LABEL, "required": []})
    assert _run("check") == 0
    told.readouterr()
    assert _run("check", "--online") == 1
    assert "required" in told.readouterr().out
    (project / "a.fql").write_text(source("u: label.response.nothing"))
    assert _run("check") == 1


def test_check_lists_what_nobody_judges(project: Path, told: pytest.CaptureFixture[str]) -> None:
    (project / "crm.json").write_bytes(_document({**_LABEL, "not": {"required": ["x"]}}))
    assert _run("check", "--strict") == 0
    assert "schema: `not`  (shipped.label)" in told.readouterr().out


def test_show_lists_operations_and_types(project: Path, told: pytest.CaptureFixture[str]) -> None:
    assert _run("show", "crm") == 0
    assert told.readouterr().out == "POST /v2/orders/{id}/labels  used by shipped.label\n"
    assert _run("show", "crm", "/v2/orders/{id}/labels") == 0
    assert "    url: String\n" in told.readouterr().out
    assert _run("show", "crm", "--format", "json") == 0
    assert json.loads(told.readouterr().out)["used_by"] == ["shipped.label"]
    assert _run("show", "crm", "/v2/orders/{id}/labels", "--format", "json") == 0
    one = json.loads(told.readouterr().out)
    assert_valid("fql-contract/1", one)
    assert one["parameters"] == [
        {"name": "id", "where": "path", "type": "String", "required": True, "deprecated": False}
    ]
    assert [(f["name"], f["type"]) for f in one["answers"]["fields"]] == [("url", "String")]
    assert _run("show", "crm", "/nothing") == 1
    assert _run("show", "nobody") == 1


def test_without_a_source_there_is_nothing_to_fetch(
    project: Path, told: pytest.CaptureFixture[str]
) -> None:
    (project / "fql.toml").write_text("")
    assert _run("update", "crm") == 3
    assert "[contracts.crm]" in told.readouterr().err


def test_a_contract_in_yaml_stays_one(project: Path, served: Served) -> None:
    text = (project / "a.fql").read_text().replace("crm.json", "crm.yaml")
    (project / "a.fql").write_text(text)
    odd = {"type": "string", "enum": ["no", "1e3", "0o17", "2020-01-01", "a: b", ""]}
    served.documents["/crm.json"] = _document(
        {**_LABEL, "properties": {"url": {"type": "string"}, "odd": odd}}
    )
    assert _run("update", "crm") == 0
    from fqlc.contracts.reading.yaml_core import read_yaml

    found = read_yaml((project / "crm.yaml").read_text())[0]
    assert found == json.loads(served.documents["/crm.json"])
    assert _run("check", "--online") == 0


@pytest.mark.parametrize("document", [
    {"enum": list("ab")}, {"$ref": "#/components/schemas/Loop"},
])  # fmt: skip
def test_a_contract_that_is_endless_is_told_and_not_followed(document: dict[str, object]) -> None:
    """Aliases that would be gigabytes, and a reference that leads back to itself."""
    from fqlc.cli.contract.writing import problem_of

    for _ in range(8 if "enum" in document else 0):
        document["enum"] = [document["enum"]] * 9
    loop = {"Loop": {"$ref": "#/components/schemas/Round"}}
    loop["Round"] = {"$ref": "#/components/schemas/Loop"}
    said = problem_of(openapi(document, **loop))
    assert "5,000,000 values" in said or "leads back to itself" in said
