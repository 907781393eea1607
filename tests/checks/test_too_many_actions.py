"""FQL390."""

from __future__ import annotations

from tests.checks.harness import reports, shop


def test_the_limit() -> None:
    hooks = [f'webhook a{n} {{ url: "https://a.example.com", body: {{ id }} }}' for n in range(257)]
    assert [d.code for d in reports(shop("\n".join(hooks)))] == ["FQL390"]
    assert not reports(shop("\n".join(hooks[:256])))
