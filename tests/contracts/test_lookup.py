"""Which operation a path means."""

from __future__ import annotations

import pytest

from fqlc.contracts.lookup import Routes, Segments, nearest_path, query_pairs


def _paths(*paths: str, servers: tuple[str, ...] = ()) -> dict[str, dict[str, list[str]]]:
    return {path: {"POST": list(servers)} for path in paths}


@pytest.mark.parametrize(
    ("paths", "wanted", "found"),
    [
        (_paths("/a", "/b"), ("b",), ["/b"]),
        (_paths("/a/{x}"), ("a", None), ["/a/{x}"]),
        (_paths("/a/{x}"), ("a", "7"), ["/a/{x}"]),
        (_paths("/a/{x}", "/a/seven"), ("a", "seven"), ["/a/seven", "/a/{x}"]),
        (_paths("/a/seven"), ("a", None), []),
        (_paths("/{x}/b", "/a/{y}"), ("a", "b"), ["/a/{y}", "/{x}/b"]),
        (_paths("/files/{n}.json"), ("files", "x.json"), ["/files/{n}.json"]),
        (_paths("/files/{n}.json"), ("files", "x.xml"), []),
        (_paths("/a"), ("a", "b"), []),
        (_paths("/"), ("",), ["/"]),
        (_paths("/a", servers=("/v2",)), ("v2", "a"), ["/a"]),
        (_paths("/v2/a", servers=()), ("v2", "a"), ["/v2/a"]),
        (_paths("/a", servers=("/v1", "/v1/eu")), ("v1", "eu", "a"), ["/a"]),
        (_paths("/a", servers=("/{region}",)), ("eu", "a"), ["/a"]),
        (_paths("/a", servers=("/v2",)), ("a",), ["/a"]),
        (_paths("/a", servers=("/v2",)), ("v3", "a"), []),
    ],
)
def test_a_path_finds_its_operations(
    paths: dict[str, dict[str, list[str]]], wanted: Segments, found: list[str]
) -> None:
    assert Routes(paths).matching("POST", wanted) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("/a/b", ["/a/{x}"]),
        ("/a/b?beta=true", ["/a/{x}?beta=true", "/a/{x}"]),
        ("/a/b?x=1&beta=true", ["/a/{x}?beta=true", "/a/{x}"]),
        ("/a/b?beta=false", ["/a/{x}"]),
    ],
)
def test_a_path_with_a_query_is_meant_by_that_query(query: str, found: list[str]) -> None:
    routes = Routes(_paths("/a/{x}", "/a/{x}?beta=true"))
    assert routes.matching("POST", ("a", "b"), query_pairs(query)) == found


def test_the_nearest_path_is_named_by_the_contracts_own_words() -> None:
    paths = _paths("/orders/{id}/labels", "/stock", servers=("/v2",))
    assert nearest_path(paths, ("v2", "orders", None, "label")) == "/orders/{id}/labels"
    assert nearest_path(paths, ("something", "else")) is None
