"""An observer as it is drawn: boxes with what they do, numbers of what is dead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fql.plan.model import Observer, PlanNode
from fql.plan.show import show
from fql.plan.stored.codec import load_expression
from fql.ui.drawing.flow import EVENT, HEIGHT, WIDTH, Arrow, Flow, flow_of

LONGEST = 32


@dataclass(frozen=True, slots=True)
class Shown:
    """A box with its words."""

    name: str
    title: str
    text: str
    x: int
    y: int
    dead: int
    is_event: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """What the template draws."""

    observer: Observer
    flow: Flow
    boxes: tuple[Shown, ...]
    arrows: tuple[Arrow, ...]
    width: int = WIDTH
    height: int = HEIGHT


def picture(observer: Observer, dead: Mapping[tuple[str, str], int]) -> Picture:
    """The drawing of an observer."""
    flow = flow_of(observer)
    nodes = {node.name: node for node in observer.nodes}
    boxes = tuple(
        Shown(
            name=box.name,
            title=box.name or ", ".join(f"{t.entity}.{t.event}" for t in observer.on),
            text=_what(nodes[box.name]) if box.name else _when(observer),
            x=box.x,
            y=box.y,
            dead=dead.get((observer.name, box.name), 0) if box.name else 0,
            is_event=box.name == EVENT,
        )
        for box in flow.boxes
    )
    return Picture(observer, flow, boxes, flow.arrows)


def _what(node: PlanNode) -> str:
    config = node.config
    if node.kind != "webhook":
        return node.kind
    target = config.endpoint or (show(load_expression(config.url)) if config.url else "")
    return _short(f"{config.method} {target.strip(chr(34)).removeprefix('https://')}")


def _when(observer: Observer) -> str:
    return _short(f"when {show(load_expression(observer.when))}") if observer.when else ""


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
