# ruff: noqa: E501 - sources in the language are shown as they are written
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


def choices(number: int) -> str:
    """So many choices, each the first value of the one around it."""
    return "if total > 1 then " * number + "1" + " else 0" * number


@pytest.mark.parametrize(
    "action",
    [
        "webhook a {{ url: 'https://a.example.com' body: {{ x: {} }} }}",
        "webhook a {{ url: 'https://a.example.com' when: ({}) > 0 body: {{ id }} }}",
        "call a {{ function: 'f' arguments: {{ x: {} }} }}",
        "publish a {{ subject: 's' body: [{}] }}",
    ],
)
def test_choices_within_choices_can_be_stored_or_are_refused(action: str) -> None:
    """Each takes three levels of a plan, wherever it is."""
    for number in (70, 90):
        source = shop(action.format(choices(number)).replace("'", '"'))
        found = [d.code for d in reports(source)]
        assert found == ([] if number == 70 else ["FQL390"])
        assert found or compile_text(source).plan is not None


@pytest.mark.parametrize(
    "observer",
    [
        'when: {0} > 1 webhook a {{ url: "https://a.example.com" body: {{ id }} }}',
        'order_by: {0} webhook a {{ url: "https://a.example.com" body: {{ id }} }}',
        'webhook a {{ url: "https://a.example.com/{{{{ {0} }}}}" body: {{ id }} }}',
        'webhook a {{ url: "https://a.example.com" body: {{ id }} headers: {{ X: "{{{{ {0} }}}}" }} }}',
        'webhook a {{ url: "https://a.example.com" body: {{ x: {0}.old }} }}',
    ],
)
def test_computed_fields_of_computed_fields_can_be_stored_or_are_refused(observer: str) -> None:
    """Each adds to the depth of what uses the last one."""
    chain = " ".join(f"x{n}: Int = - -x{n - 1}" for n in range(1, 124))
    for field in ("x50", "x123"):
        source = (
            f"entity Row {{ id: Int @key x0: Int = id + 1 {chain} }}\n"
            f"observer o {{ on: Row.update {observer.format(field)} }}"
        )
        found = [d.code for d in reports(source)]
        assert found == ([] if field == "x50" else ["FQL390"])
        assert found or compile_text(source).plan is not None
