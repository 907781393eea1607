"""What the receivers were told, against what the application's database holds in the end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fql.testing.received import ReceivedRequest
from tests.kills.shop import MAX_IN_FLIGHT

FLOW = ("stock", "label", "books")


@dataclass(frozen=True, slots=True)
class Heard:
    """One request: which engine sent it, of which action and order, when (on the test's monotonic
    clock), and how it called itself."""

    engine: str
    action: str
    order: int
    key: str
    attempt: int
    again: bool
    at: float

    @property
    def place(self) -> tuple[str, int]:
        """What it is about."""
        return self.action, self.order


def heard(requests: Iterable[ReceivedRequest]) -> list[Heard]:
    """In the order in which they came."""
    found = []
    for request in requests:
        _, engine, action = request.path.split("/")
        payload = request.payload
        assert isinstance(payload, dict)
        again = request.headers.get("fql-redelivery") == "1"
        found.append(
            Heard(engine, action, payload["id"], request.key, request.attempt, again, request.at)
        )
    return found


@dataclass(frozen=True, slots=True)
class Truth:
    """What the application's database holds in the end (`orders`: number to status; an order is of
    customer number modulo `customers`), which orders it acknowledged, and which it may have
    committed at some time."""

    orders: dict[int, str]
    customers: int
    acknowledged: frozenset[int]
    maybe: frozenset[int]

    def wanted(self) -> set[tuple[str, int]]:
        """The deliveries that must have come."""
        placed = {("welcome", number) for number in self.orders}
        paid = [number for number, status in self.orders.items() if status == "paid"]
        return placed | {(action, number) for action in FLOW for number in paid}

    def possible(self) -> set[tuple[str, int]]:
        """Those that may have come besides, where commits were undone."""
        return {(action, number) for action in ("welcome", *FLOW) for number in self.maybe}


def check(
    told: Sequence[Heard], truth: Truth, *, interrupted: int = 0, went_back: Sequence[float] = ()
) -> None:
    """Nothing lost, nothing invented, one key for each intent, order kept, no attempt made twice,
    and duplicates only where there is a reason: engines were `interrupted` so many times. At the
    times of `went_back` (as `Heard.at`) a failover or a restore has undone commits."""
    first: dict[tuple[str, int], int] = {}
    keys: dict[tuple[str, int], set[str]] = defaultdict(set)
    for index, one in enumerate(told):
        first.setdefault(one.place, index)
        keys[one.place].add(one.key)
    wanted = truth.wanted()
    assert wanted, "the test must do something"
    if not went_back:
        assert truth.acknowledged <= set(truth.orders), "the database lost what it acknowledged"
    lost = wanted - set(first)
    assert not lost, ("lost", len(lost), sorted(lost)[:9])
    invented = set(first) - wanted - (truth.possible() if went_back else set())
    assert not invented, ("invented", len(invented), sorted(invented)[:9])
    several = {place: found for place, found in keys.items() if len(found) > 1}
    assert not several, ("more than one key", several)
    assert len({one.key for one in told}) == len(first), "no two intents share a key"
    _in_order(first, truth)
    twice = _made_twice(told, went_back)
    assert not twice, ("an attempt was made twice", twice[:9])
    again = sum(one.again for one in told)
    assert again <= interrupted * MAX_IN_FLIGHT, (again, "redeliveries")


def _made_twice(told: Sequence[Heard], went_back: Sequence[float]) -> list[tuple[Heard, Heard]]:
    """Attempts that came again though the store had not forgotten them in between."""
    before: dict[tuple[str, int], Heard] = {}
    found = []
    for one in told:
        other = before.get((one.key, one.attempt))
        if other is not None and not any(other.at < moment < one.at for moment in went_back):
            found.append((other, one))
        before[one.key, one.attempt] = one
    return found


def _in_order(first: dict[tuple[str, int], int], truth: Truth) -> None:
    for _, number in (place for place in truth.wanted() if place[0] == "stock"):
        for later in ("label", "books"):
            assert first["stock", number] < first[later, number], (number, later)
    lines: dict[int, list[int]] = defaultdict(list)
    for number in sorted(truth.orders):
        lines[number % truth.customers].append(first["welcome", number])
    for customer, line in lines.items():
        assert line == sorted(line), f"the orders of customer {customer} came out of order"
