"""An evaluator for the part of PromQL that our alert rules and dashboard use, over scraped samples.

Written from Prometheus' documentation: instant selectors look back five minutes; `rate` and
`increase` correct for resets and extrapolate to the ends of their window; comparisons filter;
two vectors meet on equal labels; `histogram_quantile` interpolates within a bucket.
"""

from __future__ import annotations

import itertools
import math
import operator
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.observe.support import Scrape

Labels = frozenset[tuple[str, str]]
Vector = dict[Labels, float]
Value = Vector | float
Points = list[tuple[float, float]]

LOOKBACK = 300.0
TOKEN = re.compile(
    r'\s*(?:(?P<number>\d+(?:\.\d+)?(?![\w]))|(?P<window>\[\d+[smh]\])|(?P<text>"(?:[^"\\]|\\.)*")'
    r"|(?P<name>[a-zA-Z_:][\w:]*)|(?P<sign>=~|!=|>=|<=|==|[-+*/(){}=<>,]))"
)
SECONDS = {"s": 1, "m": 60, "h": 3600}
ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul,
    "/": lambda a, b: a / b if b else (math.nan if not a else math.copysign(math.inf, a)),
}  # fmt: skip
COMPARISON: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le, "==": operator.eq,
}  # fmt: skip
AGGREGATES: dict[str, Callable[[list[float]], float]] = {"sum": sum, "max": max, "min": min}


@dataclass
class Recorder:
    """Scrapes with the times that they stand for, in seconds; the newest is last."""

    scrapes: list[tuple[float, Scrape]] = field(default_factory=list)

    def add(self, at: float, scrape: Scrape) -> None:
        """Keep one scrape."""
        self.scrapes.append((at, scrape))

    def points(self, name: str, since: float, until: float) -> dict[Labels, Points]:
        """The samples of a name behind `since`, up to `until`."""
        found: dict[Labels, Points] = defaultdict(list)
        for at, scrape in self.scrapes:
            if since < at <= until:
                for sample in scrape.samples:
                    if sample.name == name:
                        found[frozenset(sample.labels.items())].append((at, sample.value))
        return found


def evaluate(expression: str, recorder: Recorder, at: float) -> Value:
    """The value of an expression at a time."""
    reader = _Reader(expression, recorder, at)
    value = reader.alternatives()
    assert not reader.left, f"not read: {reader.left}"
    return value


def _tokens(text: str) -> Iterator[str]:
    place = 0
    while text[place:].strip():
        found = TOKEN.match(text, place)
        assert found, f"cannot read {text[place:]!r}"
        place = found.end()
        yield found[0].strip()


class _Reader:
    """Recursive descent that evaluates as it reads."""

    def __init__(self, expression: str, recorder: Recorder, at: float) -> None:
        self.left = list(_tokens(expression))
        self._recorder = recorder
        self._at = at

    def _next(self) -> str:
        return self.left[0] if self.left else ""

    def _take(self, wanted: str = "") -> str:
        token = self.left.pop(0)
        assert not wanted or token == wanted, f"{token} instead of {wanted}"
        return token

    def alternatives(self) -> Value:
        value = self._comparison()
        while self._next() == "or":
            self._take()
            other = self._comparison()
            assert isinstance(value, dict)
            assert isinstance(other, dict)
            value = {**other, **value}
        return value

    def _comparison(self) -> Value:
        value = self._sum()
        while self._next() in COMPARISON:
            compare, bound = COMPARISON[self._take()], self._sum()
            assert isinstance(value, dict)
            assert isinstance(bound, float)
            value = {labels: v for labels, v in value.items() if compare(v, bound)}
        return value

    def _sum(self) -> Value:
        return self._operations(("+", "-"), self._product)

    def _product(self) -> Value:
        return self._operations(("*", "/"), self._operand)

    def _operations(self, signs: Sequence[str], operand: Callable[[], Value]) -> Value:
        value = operand()
        while self._next() in signs:
            value = _combined(ARITHMETIC[self._take()], value, operand())
        return value

    def _operand(self) -> Value:
        token = self._take()
        if token == "(":
            value = self.alternatives()
            self._take(")")
            return value
        if token[0].isdigit():
            return float(token)
        if token in AGGREGATES:
            return self._aggregate(AGGREGATES[token])
        if token in ("rate", "increase"):
            return self._rate(per_second=token == "rate")
        if token == "absent":
            self._take("(")
            value = self.alternatives()
            self._take(")")
            return {} if value else {frozenset(): 1.0}
        if token == "histogram_quantile":
            return self._quantile()
        return self._instant(token)

    def _aggregate(self, combine: Callable[[list[float]], float]) -> Vector:
        names = self._names() if self._next() == "by" else []
        self._take("(")
        value = self.alternatives()
        self._take(")")
        assert isinstance(value, dict)
        groups: dict[Labels, list[float]] = defaultdict(list)
        for labels, number in value.items():
            groups[frozenset(pair for pair in labels if pair[0] in names)].append(number)
        return {labels: combine(numbers) for labels, numbers in groups.items()}

    def _names(self) -> list[str]:
        self._take("by")
        self._take("(")
        names = [self._take()]
        while self._next() == ",":
            self._take()
            names.append(self._take())
        self._take(")")
        return names

    def _instant(self, name: str) -> Vector:
        wanted = self._matchers()
        series = self._recorder.points(name, self._at - LOOKBACK, self._at)
        newest = max((at for at, _ in self._recorder.scrapes if at <= self._at), default=0.0)
        return {
            labels: points[-1][1]
            for labels, points in series.items()
            if wanted(dict(labels)) and points[-1][0] == newest  # a series that went is stale
        }

    def _matchers(self) -> Callable[[dict[str, str]], bool]:
        wanted: list[tuple[str, str, str]] = []
        if self._next() == "{":
            self._take()
            while self._next() != "}":
                name, sign, text = self._take(), self._take(), self._take()[1:-1]
                wanted.append((name, sign, text))
                if self._next() == ",":
                    self._take()
            self._take("}")
        return lambda labels: all(
            (re.fullmatch(text, labels.get(name, "")) is not None)
            if sign == "=~"
            else (labels.get(name, "") == text) == (sign == "=")
            for name, sign, text in wanted
        )

    def _rate(self, *, per_second: bool) -> Vector:
        self._take("(")
        name = self._take()
        wanted = self._matchers()
        window = self._take()
        self._take(")")
        seconds = float(int(window[1:-2]) * SECONDS[window[-2]])
        found = self._recorder.points(name, self._at - seconds, self._at)
        return {
            labels: _increase(points, self._at - seconds, self._at)
            / (seconds if per_second else 1.0)
            for labels, points in found.items()
            if len(points) > 1 and wanted(dict(labels))
        }

    def _quantile(self) -> Vector:
        self._take("(")
        share = self._operand()
        self._take(",")
        buckets = self.alternatives()
        self._take(")")
        assert isinstance(share, float)
        assert isinstance(buckets, dict)
        groups: dict[Labels, Points] = defaultdict(list)
        for labels, count in buckets.items():
            bound = float(dict(labels)["le"].replace("+Inf", "inf"))
            groups[frozenset(p for p in labels if p[0] != "le")].append((bound, count))
        return {labels: _quantile_of(share, sorted(points)) for labels, points in groups.items()}


def _combined(work: Callable[[float, float], float], left: Value, right: Value) -> Value:
    if isinstance(left, dict) and isinstance(right, dict):
        return {labels: work(left[labels], right[labels]) for labels in left if labels in right}
    if isinstance(left, dict):
        assert isinstance(right, float)
        return {labels: work(value, right) for labels, value in left.items()}
    if isinstance(right, dict):
        return {labels: work(left, value) for labels, value in right.items()}
    return work(left, right)


def _increase(points: Points, since: float, until: float) -> float:
    """How much a counter grew in a window, extrapolated to its ends as Prometheus does."""
    values = [value for _, value in points]
    resets = sum(before for before, after in itertools.pairwise(values) if after < before)
    grown = values[-1] - values[0] + resets
    sampled = points[-1][0] - points[0][0]
    between = sampled / (len(points) - 1)
    before, behind = points[0][0] - since, until - points[-1][0]
    if grown > 0 and values[0] >= 0:
        before = min(before, sampled * values[0] / grown)
    covered = sampled
    covered += before if before < between * 1.1 else between / 2
    covered += behind if behind < between * 1.1 else between / 2
    return grown * covered / sampled


def _quantile_of(share: float, buckets: Points) -> float:
    total = buckets[-1][1]
    if not total:
        return math.nan
    rank, low, below = share * total, 0.0, 0.0
    for bound, count in buckets:
        if count >= rank:
            if math.isinf(bound):
                return low
            return low + (bound - low) * (rank - below) / (count - below)
        low, below = bound, count
    return low
