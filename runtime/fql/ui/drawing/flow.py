"""Where the boxes and arrows of an observer go. Pure: from the plan's DAG to places on a sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fql.plan.model import Edge, Observer

WIDTH, HEIGHT = 212, 80
COLUMN, ROW = 292, 100
MARGIN = 16
EVENT = ""
"""The name of the box that the event is."""


@dataclass(frozen=True, slots=True)
class Box:
    """An action, or the event, with its upper left corner."""

    name: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Arrow:
    """From box to box, as an SVG path; `middle` is where a label goes."""

    source: str
    to: str
    kind: str
    path: str
    middle: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Flow:
    """A drawn observer."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def flow_of(observer: Observer) -> Flow:
    """The event on the left, then each action in the column after the last one that it waits for,
    near those that it follows."""
    columns = _columns(observer)
    places: dict[str, tuple[int, int]] = {}
    for column in sorted(set(columns.values())):
        names = [name for name, at in columns.items() if at == column]
        for row, name in enumerate(_by_neighbours(names, observer.edges, places)):
            places[name] = (column, row)
    tallest = max(_count(columns, column) for column in columns.values())
    boxes = {
        name: _box(name, column, row, _count(columns, column), tallest)
        for name, (column, row) in places.items()
    }
    return Flow(
        width=2 * MARGIN + max(columns.values()) * COLUMN + WIDTH,
        height=2 * MARGIN + (tallest - 1) * ROW + HEIGHT,
        boxes=tuple(boxes.values()),
        arrows=tuple(_arrow(edge, boxes) for edge in observer.edges),
    )


def _columns(observer: Observer) -> dict[str, int]:
    """The length of the longest way from the event; the plan is a DAG, so this ends."""
    before: dict[str, list[str]] = {node.name: [] for node in observer.nodes}
    for edge in observer.edges:
        before[edge.to].append(edge.source or EVENT)
    columns = {EVENT: 0}
    while len(columns) <= len(before):
        for name, sources in before.items():
            if name not in columns and all(one in columns for one in sources):
                columns[name] = 1 + max((columns[one] for one in sources), default=0)
    return columns


def _by_neighbours(
    names: Sequence[str], edges: Sequence[Edge], places: Mapping[str, tuple[int, int]]
) -> list[str]:
    def height(name: str) -> float:
        rows = [places[e.source or EVENT][1] for e in edges if e.to == name]
        return sum(rows) / len(rows) if rows else 0.0

    return sorted(names, key=height)


def _count(columns: Mapping[str, int], column: int) -> int:
    return sum(at == column for at in columns.values())


def _box(name: str, column: int, row: int, rows: int, tallest: int) -> Box:
    top = MARGIN + (tallest - rows) * ROW // 2
    return Box(name, MARGIN + column * COLUMN, top + row * ROW)


def _arrow(edge: Edge, boxes: Mapping[str, Box]) -> Arrow:
    start, end = boxes[edge.source or EVENT], boxes[edge.to]
    x, y = start.x + WIDTH, start.y + HEIGHT // 2
    to_x, to_y = end.x - 9, end.y + HEIGHT // 2
    bend = x + (to_x - x) // 2
    path = f"M{x} {y}C{bend} {y} {bend} {to_y} {to_x} {to_y}"
    return Arrow(start.name, end.name, edge.kind, path, (bend, (y + to_y) // 2))
