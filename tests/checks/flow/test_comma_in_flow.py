"""FQL308: a comma that ends a chain where "and" may be meant."""

from __future__ import annotations

import pytest

from fqlc import format_text
from fqlc.diagnostics.fixes import apply_fixes
from tests.checks.harness import checked, expect, shop

HOOKS = "\n".join(f'webhook {n} {{ url: "https://x.example.com/" body: {{ id }} }}' for n in "abcd")


def flow(statements: str) -> str:
    """An observer with four actions and a flow on its second line."""
    return shop(f"flow {{ {statements} }}\n{HOOKS}")


@pytest.mark.parametrize(
    "statements",
    [
        "a -> b, c, d  # warning: FQL308 `c` does not wait\n",
        "a -> b -> c, d  # warning: FQL308 `d`\n",
        "a -> [b, c], d  # warning: FQL308 `d`\n",
        "a -> b  c else d",
        "c, d, a -> b",
        "a -> b, c -> d",
        "a -> b\n c, d",
        "a, b, c, d",
        "a else b, c  d  # warning: FQL308 `c`\n",
    ],
)
def test_lone_steps_after_a_chain(statements: str) -> None:
    expect(flow(statements))


def test_the_fix_puts_them_side_by_side() -> None:
    found = checked(flow("a -> b, c, d"))
    changed, _ = apply_fixes(found.diagnostics, found.sources, unsafe=True)
    assert "flow { a -> [b, c, d] }" in changed["case.fql"]


def test_formatted_it_can_be_seen() -> None:
    """On lines of their own nobody takes them for one statement."""
    shown = format_text(flow("a -> b, c, d"))
    assert "a -> b\n    c\n    d\n" in shown
    assert not checked(shown).diagnostics
