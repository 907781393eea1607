"""Urls: what parses, into which parts, and that no value changes their structure."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fql.plan.language.expressions import Choice, Environment, Expr, Field, Hole, Loop, TextPart
from fql.plan.language.types import BOOLEAN, STRING, list_of
from fql.plan.web.templates import split_path, split_url
from fql.plan.web.urls import (
    MAX_URL,
    UrlParts,
    UrlProblem,
    ValueRefused,
    check_rendered,
    encode_query_value,
    encode_segment,
    is_origin,
    origin_of,
    parse_literal_url,
)

HOLE = Hole(Field(type=STRING, row="row", name="id"))
FLAG: Expr = Field(type=BOOLEAN, row="row", name="flag")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("https://a.example", UrlParts("https", "a.example", 443, "/", None)),
        ("HTTPS://A.Example/X", UrlParts("https", "a.example", 443, "/X", None)),
        ("http://a.example:8080/x?y=1", UrlParts("http", "a.example", 8080, "/x", "y=1")),
        ("https://a.example?y", UrlParts("https", "a.example", 443, "/", "y")),
        ("https://[2606:4700:0:0::1]:8443/", UrlParts("https", "2606:4700::1", 8443, "/", None)),
        ("https://bücher.example/ü", UrlParts("https", "xn--bcher-kva.example", 443, "/%C3%BC")),
        ("https://1.1.1.1/%2F", UrlParts("https", "1.1.1.1", 443, "/%2F", None)),
        ("https://a.example//x;y=1,2", UrlParts("https", "a.example", 443, "//x;y=1,2", None)),
    ],
)
def test_parses_into_parts(text: str, parts: UrlParts) -> None:
    assert parse_literal_url(text) == parts


@pytest.mark.parametrize(
    "text",
    ["", "a.example", "//a.example", "https:/a.example", "https:a.example", "https://",
     "https:///x", "https://a.example:0/", "https://a.example:65536/", "https://a.example:-1/",
     "https://a.example:080/", "https://a.example:/", "https://a.example:8x/",
     "https://a.example/#f", "https://u@a.example/", "https://u:p@a.example/",
     "https://a.example/a b", "https://a.example/a\tb", "https://a.example/a\nb",
     "https://a.example/\\x", "https://a.example\\x", "https://a.example/%zz",
     "https://a.example/%2", "https://a.example/../x", "https://a.example/x/..",
     "https://a.example/./x", "https://a.example/%2e%2E/x", "https://a.example/.%2e",
     "https://a.example/<x>", 'https://a.example/"', "https://a.example/x?y=[1]",
     " https://a.example/", "https://a.example/ ", "\x00https://a.example/",
     "https://a.example/\ud800"],
)  # fmt: skip
def test_malformed_is_refused(text: str) -> None:
    with pytest.raises(UrlProblem) as caught:
        parse_literal_url(text)
    assert caught.value.kind == "malformed"


@pytest.mark.parametrize("scheme", ["ftp", "file", "gopher", "ws", "javascript", "httpss"])
def test_other_schemes_are_told_apart_from_malformed(scheme: str) -> None:
    with pytest.raises(UrlProblem) as caught:
        parse_literal_url(f"{scheme}://a.example/")
    assert caught.value.kind == "scheme"


def test_authority_leaves_out_the_port_of_the_scheme() -> None:
    assert parse_literal_url("http://a.example:80/").authority == "a.example"
    assert parse_literal_url("https://a.example:80/").authority == "a.example:80"
    assert parse_literal_url("https://[::2]:81/").authority == "[::2]:81"
    assert parse_literal_url("https://a.example/").origin == "https://a.example:443"


def test_a_printed_url_parses_to_itself() -> None:
    url = parse_literal_url("http://[2606:4700::1]:8080/a%20b?c=d&e")
    assert parse_literal_url(str(url)) == url


def test_holes_are_split_by_place() -> None:
    found = split_url(("https://a.example/x/", HOLE, "/y?q=", HOLE, "&r=1"))
    assert found.base == UrlParts("https", "a.example", 443, "/", None)
    assert found.path == ("/x/", HOLE, "/y")
    assert found.query == ("q=", HOLE, "&r=1")


def test_a_hole_directly_behind_the_query_mark() -> None:
    found = split_url(("https://a.example?", HOLE))
    assert found.path == ("/",)
    assert found.query == (HOLE,)


@pytest.mark.parametrize(
    "parts",
    [(HOLE,), ("https://", HOLE, "/x"), ("https://a.example", HOLE), ("https://a.", HOLE, "/"),
     ("https://a.example:", HOLE, "/"), (HOLE, "://a.example/")],
)  # fmt: skip
def test_a_hole_in_scheme_host_or_port_is_refused(parts: tuple[TextPart, ...]) -> None:
    with pytest.raises(UrlProblem, match="not allowed in the scheme"):
        split_url(parts)


def test_an_environment_name_may_be_the_host() -> None:
    found = split_url(("https://", Environment("HOST"), "/x/", HOLE))
    assert found.base is None


@pytest.mark.parametrize(
    "parts",
    [("https://a.example/", Choice(((FLAG, ("?x=1",)),))),
     ("https://a.example/", Choice(((FLAG, ("a b",)),))),
     ("https://a.example/", Loop("x", Field(type=list_of(STRING), row="row", name="l"), ("#",))),
     ("https://a.example/x?", Choice(((FLAG, ("é",)),))),
     ("https://a.example/x#", HOLE), ("https://a.example/ ", HOLE),
     ("https://a.example/../", HOLE)],
)  # fmt: skip
def test_literals_around_holes_are_checked(parts: tuple[TextPart, ...]) -> None:
    with pytest.raises(UrlProblem):
        split_url(parts)


def test_a_path_starts_with_a_slash() -> None:
    assert split_path(("/labels/", HOLE)).path == ("/labels/", HOLE)
    assert split_path(("?a=", HOLE)).query == ("a=", HOLE)
    with pytest.raises(UrlProblem, match="must start with /"):
        split_path(("labels/", HOLE))
    with pytest.raises(UrlProblem, match="must start with /"):
        split_path((HOLE,))


@pytest.mark.parametrize("value", ["", ".", "..", "\ud800"])
def test_values_that_are_no_segment_are_refused(value: str) -> None:
    with pytest.raises(ValueRefused):
        encode_segment(value)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_value_is_one_segment_and_comes_back(value: str) -> None:
    """No value of a row can leave its place in a path or query."""
    if value not in {"", ".", ".."}:
        segment = encode_segment(value)
        assert unquote(segment) == value
        check_rendered(f"/a/{segment}/b", f"q={segment}")
        url = parse_literal_url(f"https://a.example/a/{segment}/b?q={segment}")
        assert url.path.count("/") == 3
        assert url.host == "a.example"
    assert unquote(encode_query_value(value)) == value


def test_dots_that_come_together_from_two_values_are_refused() -> None:
    with pytest.raises(ValueRefused):
        check_rendered("/a/../b", None)


def test_a_url_has_a_longest_length() -> None:
    with pytest.raises(ValueRefused, match="longer"):
        check_rendered("/" + "a" * MAX_URL, None)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://A.example/x/", "https://a.example:443"),
        ("http://a.example:81?x=", "http://a.example:81"),
        ("https://[::1]", "https://[::1]:443"),
        ("https://a.example/%zz", "https://a.example:443"),
        ("https://", None),
        ("https://user@a.example/", None),
        ("ftp://a.example", None),
        ("/orders", None),
        ("", None),
    ],
)
def test_an_origin_is_known_from_the_beginning_of_a_url(text: str, origin: str | None) -> None:
    assert origin_of(text) == origin


def test_a_url_of_scheme_host_and_port_is_an_origin() -> None:
    assert is_origin("https://a.example")
    assert is_origin("http://a.example:81/")
    for text in ("https://a.example/x", "https://a.example/?x", "a.example", "secret-value"):
        assert not is_origin(text)
