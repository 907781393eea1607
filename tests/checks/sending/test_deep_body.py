"""FQL390."""

from __future__ import annotations

import pytest

from fqlc import compile_text
from tests.checks.harness import reports, shop


def body(objects: int, inner: str = "id") -> str:
    """An action that sends so many objects within each other."""
    nested = "{ a: " * objects + inner + " }" * objects
    return f'webhook a {{ url: "https://a.example.com", body: {nested} }}'


def test_the_limit() -> None:
    """What passes the check can be stored."""
    last = max(n for n in range(60, 100) if not reports(shop(body(n))))
    assert 70 < last < 90
    assert [d.code for d in reports(shop(body(last + 1)))] == ["FQL390"]
    assert compile_text(shop(body(last))).plan is not None


def test_deep_values_within_deep_objects() -> None:
    inner = "id." + ".".join(["lower()"] * 3)
    for n in range(20, 80):
        for text in (inner, "[" * 15 + "id" + "]" * 15, "!" * 20 + "(id == '1')"):
            source = shop(body(n, text))
            assert reports(source) or compile_text(source).plan is not None


def test_a_let_adds_to_the_depth_of_a_body() -> None:
    """Each is harmless by itself."""
    let = f"let a0 = {'{ a: ' * 45}1{' }' * 45}\n"
    assert not reports(let + shop(body(20, "a0")))
    found = reports(let + shop(body(50, "a0")))
    assert [(d.code, d.message) for d in found] == [
        ("FQL390", "the body of `a` is nested too deeply")
    ]


@pytest.mark.parametrize("lets", [3, 30])
def test_depth_that_lets_add_up(lets: int) -> None:
    """One report, at the `let` that is too deep; nothing runs out of stack."""
    chain = ["let a0 = 1"]
    chain += [f"let a{n} = {'{ a: ' * 45}a{n - 1}{' }' * 45}" for n in range(1, lets + 1)]
    found = reports("\n".join(chain) + "\n" + shop(body(2, f"a{lets}")))
    assert [d.code for d in found] == ["FQL390"]
    assert found[0].message == "the value of `a2` nests more than 100 deep"
