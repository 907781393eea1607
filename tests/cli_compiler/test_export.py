"""`fqlc export` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli_compiler.conftest import Command
from tests.exporting.validating import problems_of_openapi

TEST = """
test "a large order" {
  observer: order_created
  event: Order.insert
  new: { id: "o1", total: 150, status: "new" }
  expect: { sent: [warehouse] }
}
"""
SECRET = """
entity Person { id: ID @key  email: String @sensitive  since: Date @sensitive }
endpoint crm { url: "https://crm.example.com", accepts: [sensitive] }
observer person_created {
  on: Person.insert
  webhook crm { endpoint: crm, body: { id, mail: "<{{ email | lower }}>", since } }
}
test "somebody" {
  observer: person_created
  event: Person.insert
  new: { id: "p1", email: "Ada@Example.com", since: "1815-12-10" }
  expect: { sent: [crm] }
}
"""


def test_openapi_with_the_bodies_of_tests(fqlc: Command, shop: Path) -> None:
    (shop / "shop.fql").write_text((shop / "shop.fql").read_text() + TEST)
    done = fqlc("export", "openapi", "shop.fql")
    assert (done.code, done.err) == (0, "")
    document = json.loads(done.out)
    assert problems_of_openapi(document) == []
    operation = document["webhooks"]["order_created.warehouse"]["post"]
    assert operation["operationId"] == "order_created.warehouse"
    assert operation["x-fql"] == {
        "events": ["Order.insert"],
        "condition": "total > 100",
        "url": "https://w.example.com/orders/{{ id }}",
    }
    (media,) = operation["requestBody"]["content"].values()
    assert media["examples"] == {"a large order": {"value": {"id": "o1", "total": "150"}}}
    assert fqlc("export", "openapi", ".").out == done.out


def test_sensitive_values_and_what_is_made_of_them_are_in_no_example(
    fqlc: Command, shop: Path
) -> None:
    (shop / "people.fql").write_text(SECRET)
    out = fqlc("export", "openapi", "people.fql").out
    assert "ada" not in out.lower()
    assert "1815" not in out
    document = json.loads(out)
    operation = document["webhooks"]["person_created.crm"]["post"]
    (media,) = operation["requestBody"]["content"].values()
    example = media["examples"]["somebody"]["value"]
    assert example == {"id": "p1", "mail": "<(sensitive)>", "since": "2000-01-01"}


def test_into_a_folder_one_document_an_endpoint(fqlc: Command, shop: Path) -> None:
    (shop / "people.fql").write_text(SECRET)
    done = fqlc("export", "openapi", "-o", "out/", ".")
    assert done.code == 0
    written = sorted(path.name for path in (shop / "out").iterdir())
    assert written == ["crm.openapi.json", "w.example.com.openapi.json"]
    assert fqlc("export", "openapi", "-o", "out", "--check", ".").code == 0
    again = fqlc("export", "openapi", "-o", "out", ".")
    assert (again.code, again.err) == (0, "")
    (shop / "people.fql").unlink()
    stale = fqlc("export", "openapi", "-o", "out", "--check", ".")
    assert stale.code == 1
    assert "crm.openapi.json describes no endpoint" in stale.err


def test_no_two_endpoints_share_a_file(fqlc: Command, shop: Path) -> None:
    """Also where a file system does not tell large letters from small ones."""
    urls = ["https://A.example.com/x", "https://a.example.com/y", "https://a.example.com:8443/"]
    actions = [f'webhook w{n} {{ url: "{url}", body: {{ id }} }}' for n, url in enumerate(urls)]
    text = "entity A { id: ID @key }\nobserver o { on: A.insert\n" + "\n".join(actions)
    (shop / "shop.fql").write_text(text + '\nwebhook e { url: "${A}/x", body: { id } } }')
    assert fqlc("export", "openapi", "-o", "out/", ".").code == 0
    documents = [json.loads(path.read_text()) for path in (shop / "out").iterdir()]
    sent = sorted(name for document in documents for name in document["webhooks"])
    assert sent == ["o.e", "o.w0", "o.w1", "o.w2"]
    names = [path.name.lower() for path in (shop / "out").iterdir()]
    assert len(set(names)) == len(names)


def test_check_says_what_is_stale(fqlc: Command, shop: Path) -> None:
    assert fqlc("export", "jsonschema", "-o", "x.json", "--check", ".").code == 1
    assert fqlc("export", "jsonschema", "-o", "x.json", ".").code == 0
    assert fqlc("export", "jsonschema", "-o", "x.json", "--check", ".").code == 0
    file = shop / "shop.fql"
    file.write_text(file.read_text().replace("{ id, total }", "{ id }"))
    stale = fqlc("export", "jsonschema", "-o", "x.json", "--check", ".")
    assert (stale.code, "x.json is stale" in stale.err) == (1, True)
    assert fqlc("export", "jsonschema", "--check", ".").code == 2


def test_a_plan_gives_the_same_as_its_sources(fqlc: Command, shop: Path) -> None:
    fqlc("compile", "-o", "plan.json", ".")
    for form in ("openapi", "jsonschema"):
        assert fqlc("export", form, "plan.json").out == fqlc("export", form, ".").out != ""


def test_one_endpoint(fqlc: Command, shop: Path) -> None:
    (shop / "people.fql").write_text(SECRET)
    out = fqlc("export", "openapi", "--endpoint", "crm", ".").out
    assert json.loads(out)["webhooks"].keys() == {"person_created.crm"}
    done = fqlc("export", "openapi", "--endpoint", "crn", ".")
    assert done.code == 2
    assert "`crm`" in done.err


@pytest.mark.parametrize(
    ("given", "described"),
    [
        ('headers: { Authorization: "Bearer ${T}" }', {"authorization"}),
        ('auth: { type: bearer, token: "${T}" }', {"bearer"}),
        ('auth: { type: basic, username: "a", password: "${T}" }', {"basic"}),
        ('auth: { type: header, header: "X-Key", value: "${T}" }, headers: { Authorization: "x" }',
         {"credential-x-key", "authorization"}),
        ('headers: { "X-Key": "${T}" }', set()),
    ],
)  # fmt: skip
def test_a_credential_is_described_however_it_is_given(
    fqlc: Command, shop: Path, given: str, described: set[str]
) -> None:
    """OpenAPI takes no header `Authorization` for a parameter, so it is a security scheme."""
    (shop / "people.fql").write_text(
        f"""entity Person {{ id: ID @key }}
endpoint crm {{ url: "https://crm.example.com", {given} }}
observer o {{ on: Person.insert  webhook w {{ endpoint: crm, body: {{ id }} }} }}
"""
    )
    done = fqlc("export", "openapi", "--endpoint", "crm", ".")
    found = json.loads(done.out)
    assert set(found["components"].get("securitySchemes", {})) == described, done.err
    assert {k for one in found["webhooks"]["o.w"]["post"].get("security", ()) for k in one} == (
        described
    )
    assert problems_of_openapi(found) == []


def test_closed_schemas_refuse_other_keys(fqlc: Command, shop: Path) -> None:
    closed = json.loads(fqlc("export", "jsonschema", "--closed", ".").out)
    assert closed["$defs"]["order_created.warehouse"]["additionalProperties"] is False
    is_open = json.loads(fqlc("export", "jsonschema", ".").out)
    assert "additionalProperties" not in is_open["$defs"]["order_created.warehouse"]


def test_the_version_is_that_of_the_settings(fqlc: Command, shop: Path) -> None:
    """Without one it follows from the rest of the document alone."""
    own = json.loads(fqlc("export", "openapi", ".").out)["info"]["version"]
    assert len(own) == 12
    (shop / "shop.fql").write_text("# words\n" + (shop / "shop.fql").read_text())
    assert json.loads(fqlc("export", "openapi", ".").out)["info"]["version"] == own
    (shop / "fql.toml").write_text('[project]\nname = "store"\nversion = "v2 beta"\n')
    info = json.loads(fqlc("export", "openapi", ".").out)["info"]
    assert info == {"title": "Webhooks of store", "version": "v2 beta"}


@pytest.mark.parametrize("form", ["openapi", "jsonschema"])
def test_what_sends_nothing_is_described_as_well(fqlc: Command, shop: Path, form: str) -> None:
    (shop / "shop.fql").write_text("entity A { id: ID @key }")
    done = fqlc("export", form, ".")
    assert done.code == 0
    assert json.loads(done.out)


def test_errors_of_sources_are_reported(fqlc: Command, shop: Path) -> None:
    (shop / "shop.fql").write_text("entity A {")
    done = fqlc("export", "openapi", ".")
    assert (done.code, done.out) == (1, "")
    assert fqlc("export", "asyncapi", ".").code == 2
