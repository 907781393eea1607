"""An observer as it is drawn: boxes with what they do and what waits in them, arrows with how much
went along them."""

from __future__ import annotations

from dataclasses import dataclass

from fql.plan.model import Observer, PlanNode
from fql.plan.show import show
from fql.plan.stored.codec import load_expression
from fql.ui.drawing.flow import EVENT, HEIGHT, WIDTH, Arrow, Box, Flow, flow_of
from fql.ui.drawing.traffic import Traffic, doing, passed

LONGEST = 32


@dataclass(frozen=True, slots=True)
class Shown:
    """A box with its words: what is dead, on the wire, and waits, and what holds it back;
    `more` is a second line of its text."""

    name: str
    title: str
    text: str
    x: int
    y: int
    dead: int = 0
    wire: int = 0
    waits: str = ""
    held: str = ""
    note: str = ""
    more: str = ""

    @property
    def is_event(self) -> bool:
        """Whether it is where it all begins."""
        return self.name == EVENT

    @property
    def look(self) -> str:
        """The class of its box."""
        return "ev" if self.is_event else "hot" if self.dead else "slow" if self.held else ""


@dataclass(frozen=True, slots=True)
class Way:
    """An arrow with how many runs went along it; None where nobody counts."""

    arrow: Arrow
    count: int | None = None

    @property
    def width(self) -> int:
        """One more for each ten times as many."""
        return min(5, len(str(self.count))) if self.count else 1

    @property
    def pill(self) -> int:
        """How wide its number is, in pixels."""
        words = f"else {self.count:,}" if self.arrow.kind == "failure" else f"{self.count:,}"
        return 16 + 7 * len(words)


@dataclass(frozen=True, slots=True)
class Picture:
    """What the template draws."""

    observer: Observer
    flow: Flow
    boxes: tuple[Shown, ...]
    ways: tuple[Way, ...]
    width: int = WIDTH
    height: int = HEIGHT


def picture(observer: Observer, traffic: Traffic) -> Picture:
    """The drawing of an observer."""
    flow = flow_of(observer)
    nodes = {node.name: node for node in observer.nodes}
    boxes = tuple(
        _action_box(observer, box, nodes[box.name], traffic)
        if box.name
        else _event_box(observer, box, traffic)
        for box in flow.boxes
    )
    ways = tuple(
        Way(arrow, passed(observer, edge, traffic))
        for arrow, edge in zip(flow.arrows, observer.edges, strict=True)
    )
    return Picture(observer, flow, boxes, ways)


def _event_box(observer: Observer, box: Box, traffic: Traffic) -> Shown:
    title = ", ".join(f"{one.entity}.{one.event}" for one in observer.on)
    note = f"{traffic.whole.of('runs'):,} matched" if traffic.counted else ""
    first, more = _two_lines(
        f"when {show(load_expression(observer.when))}" if observer.when else ""
    )
    return Shown(box.name, _short(title), first, box.x, box.y, note=note, more=more)


def _action_box(observer: Observer, box: Box, node: PlanNode, traffic: Traffic) -> Shown:
    now = doing(observer, node, traffic)
    dead = traffic.dead.get(box.name, 0)
    quiet = traffic.now.works and not (dead or now.wire or now.waits)
    return Shown(
        box.name, box.name, _what(node), box.x, box.y, dead=dead, wire=now.wire, waits=now.waits,
        held=now.held, note="nothing waits" if quiet else "",
    )  # fmt: skip


def _what(node: PlanNode) -> str:
    config = node.config
    if node.kind != "webhook":
        return node.kind
    target = config.endpoint or (show(load_expression(config.url)) if config.url else "")
    path = show(load_expression(config.path)).strip('"') if config.path else ""
    return _short(f"{config.method} {target.strip(chr(34)).removeprefix('https://')}{path}")


def _two_lines(text: str) -> tuple[str, str]:
    """Cut at a space, if it is longer than a line."""
    if len(text) <= LONGEST:
        return text, ""
    text = text.removeprefix("when ")
    at = text.rfind(" ", 0, LONGEST + 1)
    at = at if at > LONGEST // 2 else LONGEST
    return text[:at], _short(text[at:].strip())


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
