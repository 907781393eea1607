"""Which operation a webhook is bound to, in whole programs, and what is said where it is not."""

from __future__ import annotations

from typing import Any

import pytest

from fqlc.diagnostics.render.json_lines import render_json
from fqlc.diagnostics.render.text import render_text
from tests.contracts.projects import checked, found, openapi, source

_NAMED = {"type": "object", "properties": {"a": {"type": "string"}}}


def _files(text: str, contract: Any = None) -> dict[str, object]:
    return {"a.fql": text, "crm.json": openapi(_NAMED) if contract is None else contract}


def _operation(text: str, contract: Any = None) -> str | None:
    observer = checked(_files(text, contract)).program.observers[0]
    binding = observer.actions[0].contract
    return None if binding is None else binding.operation.name


@pytest.mark.parametrize(
    ("url", "path", "bound"),
    [
        ("https://crm.example.com/v2", "/orders/{{ id }}/labels", True),
        ("https://staging.example.com/v2/", "/orders/7/labels?x=1", True),
        ("https://${HOST}/v2", "/orders/{{ id }}/labels", True),
        ("${CRM}", "/v2/orders/{{ id }}/labels", True),
        ("${CRM}/v2", "/orders/${WHICH}/labels", True),
        ("https://crm.example.com", "/v2/orders/{{ id | upper }}/labels", True),
        ("https://crm.example.com", "/v2/orders/{{ id }}/labels?a={{ weight }}&b=1", True),
        ("https://crm.example.com/v2", "/orders/{% if note != none %}a{% endif %}/labels", False),
    ],
)  # fmt: skip
def test_a_url_is_bound_by_what_is_written_in_it(url: str, path: str, bound: bool) -> None:
    text = source().replace("https://crm.example.com/v2", url, 1)
    text = text.replace("/orders/{{ id }}/labels", path, 1)
    assert _operation(text) == ("POST /v2/orders/{id}/labels" if bound else None)
    assert [code for code, _ in found(_files(text)) if code == "FQL401"] == []


@pytest.mark.parametrize(
    ("written", "code", "said"),
    [
        ("/orders/{{ id }}/label", "FQL401", "no path for `/v2/orders/{}/label`"),
        ('/orders/{{ id }}/labels"  method: "PUT', "FQL401", "no PUT of `/v2/orders/{id}/labels`"),
    ],
)
def test_what_the_contract_does_not_have_is_said(written: str, code: str, said: str) -> None:
    text = source().replace("/orders/{{ id }}/labels", written, 1)
    reports = found(_files(text))
    assert [c for c, _ in reports] == [code]
    assert said in reports[0][1]


@pytest.mark.parametrize(
    ("contract", "said"),
    [
        (b"{", "is not JSON"),
        (b"[]", "is not an OpenAPI document"),
        (b"\xff\xfe", "is not"),
        ({"swagger": "2.0"}, "Swagger 2.0"),
        ({"openapi": "4.0.0"}, "version 4.0.0"),
        ({"openapi": 3.1}, "version 3.1"),
        ({}, "no version"),
        ({"openapi": "3.0.0", "paths": []}, "/paths is not an object"),
        ({"openapi": "3.0.0", "paths": {"/v2/orders/{id}/labels": {"$ref": "https://x.y/z.json"}}},
         "leads to the net"),
        (openapi({"$ref": "../../../etc/secrets.json"}), "there is no file"),
        (openapi({"$ref": "#/components/schemas/None"}), "leads nowhere"),
        (openapi({"$ref": "../../../etc/passwd"}), "does not end with .json, .yaml, .yml"),
        (b"x" * 20_000_001, "more than 20,000,000 bytes"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_a_contract_that_cannot_be_used_is_said_once(contract: Any, said: str) -> None:
    reports = found(_files(source() + source().replace("shipped", "again").split("}\n", 2)[2],
                           contract))  # fmt: skip
    assert {code for code, _ in reports if code.startswith("FQL4")} == {"FQL402"}
    assert sum(code == "FQL402" for code, _ in reports) == 1
    assert any(said in message for _, message in reports)


@pytest.mark.parametrize("contract", [None, b"{", openapi({"$ref": "#/components/schemas/None"})])
def test_a_contract_that_cannot_be_used_does_not_make_its_answer_wrong(contract: Any) -> None:
    beta = 'webhook beta { url: "https://x.y/"  body: { a: label.response.label_url } }'
    text = source().rstrip().removesuffix("}") + f"  {beta}\n}}\n"
    files = {"a.fql": text} if contract is None else _files(text, contract)
    assert [code for code, _ in found(files)] == ["FQL402"]
    lost = _files(text.replace("/labels", "/nothing"))
    assert [code for code, _ in found(lost)] == ["FQL401"]


def test_a_missing_contract_is_said_and_one_that_is_switched_off_is_not_used() -> None:
    assert [c for c, _ in found({"a.fql": source()})] == ["FQL402"]
    text = source().replace("body: { weight } }", "body: { weight }  contract: null }", 1)
    assert _operation(text.replace("/labels", "/nothing")) is None


def test_json_schemas_of_a_webhook() -> None:
    text = source("u: label.response.a").replace(
        "body: { weight } }", 'body: { weight }  contract: { response: "s/x.json#/$defs/A" } }', 1
    )
    files = {**_files(text), "s/x.json": {"$defs": {"A": {**_NAMED, "required": ["a"]}}}}
    program = checked(files).program
    binding = program.observers[0].actions[0].contract
    assert binding is not None
    assert not binding.operation.documented
    assert binding.operation.body is None
    assert str(program.observers[0].actions[0].response) == "label.A"
    assert found(files) == []


@pytest.mark.parametrize(
    ("of", "key", "code"),
    [
        ("endpoint", "contract: 7", "FQL206"),
        ("endpoint", 'contract: "crm.json#/x"', "FQL206"),
        ("endpoint", 'contract: "${CRM}.json"', "FQL206"),
        ("endpoint", 'contract: "https://crm.example.com/openapi.json"', "FQL402"),
        ("endpoint", "contract: https://crm.example.com/openapi.json", "FQL104"),
        ("webhook", 'contract: "crm.json"', "FQL206"),
        ("webhook", 'contract: "https://crm.example.com/openapi.json"', "FQL206"),
        ("webhook", 'contract: { body: "https://crm.example.com/x.json" }', "FQL402"),
        ("webhook", "contract: { body: 7 }", "FQL206"),
        ("webhook", 'contract: { schema: "crm.json" }', "FQL204"),
    ],
)
def test_what_contract_does_not_take_is_one_error(of: str, key: str, code: str) -> None:
    """What is answered is not known then, so a later action may read anything of it."""
    text = source("u: label.response.label_url")
    if of == "endpoint":
        text = text.replace('contract: "crm.json"', key)
    else:
        text = text.replace("body: { weight } }", f"body: {{ weight }}  {key} }}", 1)
    assert [found_code for found_code, _ in found(_files(text))] == [code]


def test_a_contract_on_the_net_comes_with_how_to_get_it() -> None:
    url = "https://crm.example.com/openapi.json"
    text = source().replace('contract: "crm.json"', f'contract: "{url}"')
    (one,) = checked(_files(text)).diagnostics
    assert one.help == (
        f'write `contract: "crm.openapi.json"`, and in fql.toml `[contracts.crm] source = "{url}"`',
        "then `fqlc contract update crm` fetches it",
    )


def test_a_place_in_json_is_shown_by_its_pointer() -> None:
    files = _files(source(), openapi({"$ref": "#/components/schemas/A"}, A={"type": "strng"}))
    done = checked(files)
    shown = render_text(done.diagnostics, done.sources)
    assert " ::: crm.json#/components/schemas/A/type: here" in shown
    assert '"pointer":"/components/schemas/A/type"' in render_json(done.diagnostics, done.sources)
