"""Graphs by name: the walk for forests agrees with networkx, and networkx is not always needed."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from fqlc.checks.flow.graph import Pair, forest_order, implied, shortest_ring, topological_order
from tests.checks.harness import shop

COMPILER = Path(__file__).parents[3] / "compiler" / "fqlc"


def random_graph(seed: int) -> tuple[list[str], list[Pair]]:
    """A small graph with few enough edges to be a forest now and then."""
    chance = random.Random(seed)
    names = [chr(97 + i) for i in range(chance.randint(1, 6))]
    pairs = {(chance.choice(names), chance.choice(names)) for _ in range(chance.randint(0, 6))}
    return names, sorted((a, b) for a, b in pairs if a != b)


def in_order(order: tuple[str, ...], pairs: list[Pair]) -> bool:
    """True when every edge leads forward."""
    return all(order.index(a) < order.index(b) for a, b in pairs)


@pytest.mark.parametrize("seed", range(150))
def test_every_order_leads_forward_and_rings_have_none(seed: int) -> None:
    names, pairs = random_graph(seed)
    walked, sorted_ = forest_order(names, pairs), topological_order(names, pairs)
    ring = shortest_ring(names, pairs)
    assert (sorted_ is None) == bool(ring)
    for order in (walked, sorted_):
        assert order is None or (sorted(order) == names and in_order(order, pairs))
    joins = len({b for _, b in pairs}) < len(pairs)
    assert (walked is None) == (joins or bool(ring))
    assert all(pair in pairs for pair in zip(ring, (*ring[1:], *ring[:1]), strict=True))


def reachable(pairs: list[Pair], source: str) -> set[str]:
    """All names behind one, by brute force."""
    found: set[str] = set()
    for _ in range(len(pairs) + 1):
        found |= {b for a, b in pairs if a == source or a in found}
    return found


@pytest.mark.parametrize("seed", range(150))
def test_implied_edges_are_those_without_which_all_is_still_reached(seed: int) -> None:
    _, pairs = random_graph(seed)
    forward = sorted({(min(p), max(p)) for p in pairs})
    expected = {
        (a, b) for a, b in forward if b in reachable([p for p in forward if p != (a, b)], a)
    }
    found = implied(forward)
    assert set(found) == expected
    assert all((a, way) in forward and way != b for (a, b), way in found.items())


def test_the_shortest_ring_is_found() -> None:
    pairs = [("a", "b"), ("b", "c"), ("c", "a"), ("b", "a"), ("c", "d")]
    assert shortest_ring(["a", "b", "c", "d"], pairs) == ("a", "b")


def imported(flow: str, folder: Path) -> bool:
    """True when a check of a program with this flow imports networkx."""
    actions = "\n".join(
        f'webhook {n} {{ url: "https://{n}.example.com", body: {{ id }} }}' for n in "abcd"
    )
    (folder / "shop.fql").write_text(shop(f"{actions}\nflow {{ {flow} }}"))
    code = (
        "import sys; from fqlc import check_paths; found = check_paths(['shop.fql']);"
        "assert not [d for d in found if d.severity == 'error'], found;"
        "print('networkx' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip() == "True"


def test_only_joins_pay_for_the_library(tmp_path: Path) -> None:
    assert not imported("a -> [b, c]  a else d", tmp_path)
    assert imported("[a, b] -> c -> d", tmp_path)


def test_one_place_knows_networkx() -> None:
    knowing = [p.name for p in COMPILER.rglob("*.py") if "import networkx" in p.read_text()]
    assert knowing == ["graph.py"]
