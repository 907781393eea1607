"""FQL403: media types."""

from __future__ import annotations

import pytest

from tests.checks.contract.api import PATH, told

_TAKEN = 'responses: { "204": { description: taken } }\n'


def _takes(*media: str) -> str:
    content = ", ".join(f'"{name}": {{}}' for name in media)
    return f"requestBody: {{ content: {{ {content} }} }}\n{_TAKEN}"


@pytest.mark.parametrize(
    ("keys", "media"),
    [
        ("body: { id }", "application/json"),
        ("body: { id }", "application/vnd.api+json"),
        ("body: { id }", "*/*"),
        ("body: { id }", "application/*"),
        ("", "application/json"),
        ("format: form body: { id }", "application/x-www-form-urlencoded"),
        ('format: text body: "a"', "text/plain"),
        ('format: text body: "a" headers: { "Content-Type": "text/csv" }', "text/csv"),
        ('format: xml body: "<a/>"', "application/xml"),
        ('body: { id } headers: { "Content-Type": "application/vnd.a+json" }',
         "application/vnd.a+json"),
    ],
)  # fmt: skip
def test_what_is_taken_is_sent(keys: str, media: str) -> None:
    assert told(f"{PATH} {keys}", _takes(media)) == []


@pytest.mark.parametrize(
    ("keys", "media", "sent"),
    [
        ("body: { id }", "text/csv", "application/json"),
        ("", "multipart/form-data", "application/json"),
        ("format: form body: { id }", "application/json", "application/x-www-form-urlencoded"),
    ],
)
def test_another_media_type_is_not_taken(keys: str, media: str, sent: str) -> None:
    (report,) = told(f"{PATH} {keys}", _takes(media))
    assert report == f"error FQL403: POST /orders/{{order}}/{{size}} does not take `{sent}`"


def test_a_body_where_none_is_taken_and_none_where_one_is_required() -> None:
    (more,) = told(f"{PATH} body: {{ id }}", _TAKEN)
    assert more.endswith("takes no body")
    required = 'requestBody: { required: true, content: { "*/*": {} } }\n' + _TAKEN
    (less,) = told(f"{PATH} format: none", required)
    assert less.endswith("requires a body, and none is sent")
    assert told(f"{PATH} format: none", _takes("*/*")) == []
