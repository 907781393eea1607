"""Hostile programs: a report in little time, never a stack or the memory used up."""

from __future__ import annotations

import pytest

from tests.types.program import check

ENTITY = "entity E { total: Decimal name: String }\n"


def observer(part: str) -> str:
    """A program of one observer."""
    return f"{ENTITY}observer o {{ on: E.update {part} }}\n"


def lets(count: int, value: str, last: str) -> str:
    """A chain of `let`s, each of the next."""
    chain = [f"let a{i} = {value.format(f'a{i + 1}')}" for i in range(count)]
    return "\n".join([ENTITY, *chain, f"let a{count} = {last}", ""])


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (lets(2_000, "{}", "1"), []),
        (lets(2_000, "{}", "a0"), ["FQL202"]),
        (lets(60, "[{0}, {0}]", "1"), ["FQL390"]),
        (lets(60, "{0} * {0}", "99999"), ["FQL390"]),
        (observer('webhook w { body: "{{ name' + " | upper" * 2_000 + ' }}" }'), ["FQL312"]),
        (observer('webhook w { body: "{{ ' + "(" * 2_000 + ' }}" }'), ["FQL312"]),
        (observer('webhook w { body: "' + "{% if total > 1 %}" * 300 + '" }'), ["FQL312"]),
        (observer('webhook w { body: "{{ name }}' + "x" * 64_000 + '" }'), ["FQL390"]),
        (observer("when: " + " || ".join(f"total == {i}" for i in range(2_000))), []),
        (observer("when: " + "!(" * 90 + "total == 5" + ")" * 90), ["FQL390"]),
    ],
    ids=lambda value: "codes" if isinstance(value, list) else None,
)
def test_what_is_too_large_is_refused_once(text: str, codes: list[str]) -> None:
    """And what is only long passes."""
    assert [d.code for d in check(text).found] == codes
