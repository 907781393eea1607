"""Growth: what a size costs, how the cost grows with it, and a picture of that."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

Points = Sequence[tuple[int, float]]
"""Sizes (n, 2n, 4n) with what each cost."""

IMAGES = Path(__file__).parents[3] / "docs" / "images"
WIDTH, HEIGHT, EDGE = 320, 200, 44


@dataclass(frozen=True)
class Curve:
    """One thing that may grow: `size` and `cost` say what is counted and in which unit, `wanted`
    what the target is."""

    name: str
    size: str
    cost: str
    wanted: str
    measure: Callable[[], Points]

    @property
    def picture(self) -> Path:
        """The file of its picture."""
        return IMAGES / f"growth-{self.name}.svg"


def exponent(points: Points) -> float:
    """The `e` of cost = c * n^e, by least squares: 1 grows as its work, 0 not at all."""
    xs = [math.log(n) for n, _ in points]
    ys = [math.log(max(cost, 1e-12)) for _, cost in points]
    mx, my = sum(xs) / len(xs), sum(ys) / len(ys)
    over = sum((x - mx) * (y - my) for x, y in zip(xs, ys, strict=True))
    return over / sum((x - mx) ** 2 for x in xs)


def svg(curve: Curve, points: Points) -> str:
    """A drawing of the points in both logarithms: a straight line whose slope is the exponent. The
    dotted line is what would grow as its work."""
    most = max(cost for _, cost in points)
    xs = [math.log(n / points[0][0]) for n, _ in points]
    ys = [math.log(max(cost / points[0][1], 1e-9)) for _, cost in points]
    high = max(*ys, xs[-1], 0.1)

    def at(x: float, y: float) -> str:
        left = EDGE + x / xs[-1] * (WIDTH - 2 * EDGE)
        return f"{left:.1f},{HEIGHT - EDGE - max(y, -0.3) / high * (HEIGHT - 2 * EDGE):.1f}"

    line = " ".join(at(x, y) for x, y in zip(xs, ys, strict=True))
    dots = "".join(_dot(at(x, y)) for x, y in zip(xs, ys, strict=True))
    labels = "".join(_label(at(x, -0.3), f"{n:,}") for x, (n, _) in zip(xs, points, strict=True))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="sans-serif" font-size="10">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
        f'<text x="8" y="16">{curve.cost}, up to {shown(most)}; n^{exponent(points):.2f}</text>'
        f'<polyline points="{at(0, 0)} {at(xs[-1], xs[-1])}" stroke="#999" fill="none" '
        f'stroke-dasharray="2 3"/><polyline points="{line}" stroke="#06c" fill="none" '
        f'stroke-width="2"/>{dots}{labels}<text x="{WIDTH / 2:.0f}" y="{HEIGHT - 8}" '
        f'text-anchor="middle">{curve.size}</text></svg>\n'
    )


def shown(cost: float) -> str:
    """A cost with three digits that count."""
    return f"{cost:,.0f}" if cost >= 100 else f"{cost:.3g}"


def _dot(place: str) -> str:
    x, y = place.split(",")
    return f'<circle cx="{x}" cy="{y}" r="3" fill="#06c"/>'


def _label(place: str, text: str) -> str:
    x, y = place.split(",")
    return f'<text x="{x}" y="{float(y) + 14:.1f}" text-anchor="middle">{text}</text>'
