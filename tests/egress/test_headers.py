"""Header names and values."""

from __future__ import annotations

import pytest

from fql.plan.web.headers import name_problem, value_problem


@pytest.mark.parametrize("name", ["X-Api-Key", "authorization", "x", "X_1.y", "Content-Type"])
def test_a_token_is_a_name(name: str) -> None:
    assert name_problem(name) is None


@pytest.mark.parametrize(
    "name",
    ["", " ", "a b", "a:", "a\r\nb", "é", "a\0", "a\tb", "(x)", "Host", "content-length",
     "Transfer-Encoding", "Connection", "Proxy-Authorization", "webhook-id", "FQL-Attempt",
     "Idempotency-Key", "Accept-Encoding", "User-Agent", "Expect", "TE", "Upgrade"],
)  # fmt: skip
def test_other_and_reserved_names_are_refused(name: str) -> None:
    assert name_problem(name)


@pytest.mark.parametrize("value", ["", "x", "a b\tc", "Bearer abc", "\xe9\xff", "a" * 8192])
def test_visible_text_is_a_value(value: str) -> None:
    assert value_problem(value) is None


@pytest.mark.parametrize(
    "value",
    ["a\r\nX: y", "a\n", "\ra", "a\0b", "\x7f", "€", " a", "a ", "\t", "a\x0bb", "a\x1b[0m",
     "a" * 8193, "a\u2028b", "\x85\n"],
)  # fmt: skip
def test_line_ends_controls_and_far_letters_are_refused(value: str) -> None:
    assert value_problem(value)
