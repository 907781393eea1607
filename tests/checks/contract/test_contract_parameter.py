"""FQL421: paths, queries and headers by the parameters of their operation."""

from __future__ import annotations

import pytest

from tests.checks.contract.api import PATH, found, told

_BODY = "requestBody: { content: { application/json: { schema: { type: object } } } }\n"
_TAKEN = 'responses: { "204": { description: taken } }\n'


def _operation(*parameters: str) -> str:
    """Each parameter by its name, place, and further keys."""
    each = [f"  - {{ name: {p} }}\n" for p in parameters]
    return "parameters:\n" + "".join(each) + _BODY + _TAKEN


def _path(name: str, schema: str) -> str:
    return _operation(f"{name}, in: path, required: true, schema: {{ {schema} }}")


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ("type: string", ""),
        ("type: string, format: uuid", ""),
        ("type: string, format: date", "error"),
        ("type: integer", "error"),
        ("type: string, enum: [a, b]", "warning"),
    ],
)
def test_a_hole_of_a_path_has_the_type_of_its_parameter(schema: str, expected: str) -> None:
    severities = [d.severity.value for d in found(f"{PATH} body: {{}}", _path("order", schema))]
    assert severities == ([expected] if expected else [])


def test_a_number_in_a_path_is_one() -> None:
    assert told(f"{PATH} body: {{}}", _path("size", "type: integer")) == []
    literal = 'path: "/orders/{{ id }}/12" body: {}'
    assert told(literal, _path("size", "type: integer")) == []
    (report,) = told('path: "/orders/{{ id }}/large" body: {}', _path("size", "type: integer"))
    assert report.startswith('error FQL421: the path parameter `size` is sent as `"large"`')


QUERY = _operation("shop, in: query, required: true, schema: { type: string }")
SHOP = _operation("X-Shop, in: header, required: true, schema: { enum: [main, shop] }")


def test_a_required_query_parameter_is_there() -> None:
    (report,) = found(f"{PATH} body: {{}}", QUERY)
    assert report.message == "the query parameter `shop` is missing, but the contract requires it"
    assert report.fix is not None
    assert report.fix.edits[0].text == "?shop={{ shop }}"
    assert not report.fix.safe
    assert told(f'{PATH[:-1]}?a=1&shop={{{{ email }}}}" body: {{}}', QUERY) == []


def test_a_query_whose_names_are_not_known_is_let_be() -> None:
    assert told(f'{PATH[:-1]}?{{{{ email }}}}=1" body: {{}}', QUERY) == []


def test_a_required_header_is_there_and_one_of_ours_always() -> None:
    (report,) = told(f"{PATH} body: {{}}", SHOP)
    assert report == "error FQL421: the header `X-Shop` is missing, but the contract requires it"
    assert told(f'{PATH} headers: {{ "x-shop": "main" }} body: {{}}', SHOP) == []
    (other,) = told(f'{PATH} headers: {{ "X-Shop": "mian" }} body: {{}}', SHOP)
    assert "but the contract takes only" in other
    ours = _operation(
        "Idempotency-Key, in: header, required: true, schema: { type: string }",
        "Authorization, in: header, required: true, schema: { type: string }",
        "Accept, in: header, required: true, schema: { type: string }",
    )
    assert told(f"{PATH} body: {{}}", ours) == []


@pytest.mark.parametrize(
    "settings",
    [
        'auth: { type: header, header: "X-SHOP", value: "${KEY}" }',
        'signing: { secret: "${KEY}", header: "X-Shop" }',
        'signing: { secret: "${KEY}", timestamp_header: "x-shop" }',
    ],
)
def test_a_header_that_a_setting_names_is_sent(settings: str) -> None:
    """What it holds is not known here, so nothing else is said of it."""
    assert told(f"{PATH} {settings} body: {{}}", SHOP) == []


def test_a_header_that_is_switched_off_is_missing() -> None:
    (report,) = told(f'{PATH} headers: {{ "X-Shop": null }} body: {{}}', SHOP)
    assert report.endswith("is missing, but the contract requires it")


def test_optional_parameters_and_cookies_are_let_be() -> None:
    more = _operation(
        "a, in: query, schema: { type: string }",
        "b, in: header, schema: { type: string }",
        "c, in: cookie, required: true, schema: { type: string }",
    )
    assert told(f"{PATH} body: {{}}", more) == []
