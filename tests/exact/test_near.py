"""Did you mean."""

from __future__ import annotations

import pytest

from fql.near import near_names, nearest


@pytest.mark.parametrize(
    ("name", "candidates", "meant"),
    [
        ("totl", ["total", "status"], "total"),
        ("TOTAL", ["totals", "total"], "total"),
        ("b", ["_", "a", "ctx"], None),
        ("custmer_email", ["customer_email", "customer_mail"], "customer_email"),
        ("lable", ["label", "table"], "label"),
        ("xyz", ["total"], None),
        ("x" * 500, ["x" * 499], None),
    ],
)
def test_only_what_is_close_is_offered(name: str, candidates: list[str], meant: str | None) -> None:
    assert nearest(name, candidates) == meant


def test_too_many_candidates_are_not_searched() -> None:
    assert nearest("name1", [f"name{i}" for i in range(5_000)]) is None


def test_the_nearest_come_first() -> None:
    assert near_names("status", ["statuses", "state", "stats", "total"]) == (
        "stats",
        "state",
        "statuses",
    )


def test_swapped_neighbours_are_one_edit() -> None:
    assert near_names("lable", ["lable_x", "label"]) == ("label", "lable_x")
