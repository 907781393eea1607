"""Everything around the engine changes at once, over the shop of example 06: nothing is lost."""

from __future__ import annotations

import json
import os
import random
from collections import defaultdict
from pathlib import Path

import pytest

from tests.storm.receiver import Heard, Receiver
from tests.storm.shop import Shop
from tests.storm.world import World

SOAK_SECONDS = 60 * float(os.environ.get("FQL_STORM_MINUTES", "30"))


def storm(folder: Path, seed: int, seconds: float, kinds: int) -> World:
    """Storm, calm, replay of all that died, and the ledger."""
    with Receiver(seed, evil=0.2).listening() as receiver:
        shop = Shop(folder / "shop.db", seed, pause=0.05)
        world = World(folder, receiver, shop, random.Random(seed))
        with shop.open():
            world.storm(seconds, kinds)
        receiver.evil = 0.0
        world.let_all_be_due()
        until_idle = ("run", "shop.fql", "--until-idle", "--timeout", "240s")
        world.fqlc(*until_idle)
        before = len(receiver.heard)
        # All at once: at a slower rate a run whose letters are replayed one by one ends dead again.
        world.fqlc("dlq", "replay", "--all", "--rate", "100000")
        world.fqlc(*until_idle, "--fail-on-dead")
        check(world, before)
        left = world.fqlc("dlq", "list", "--format", "json")
        assert [json.loads(line)["reason"] for line in left.splitlines()] == []
    return world


def place_of(heard: Heard) -> tuple[str, int]:
    """What a request is about: the action and the order."""
    body = json.loads(heard.body)
    parts = heard.path.strip("/").split("/")
    return parts[-1] if parts[0] == "warehouse" else parts[0], int(body["id"])


def check(world: World, replayed_from: int) -> None:
    """Each committed change was accepted by its receivers, nothing was invented, each intent has
    one key, steps came in order, and the same key means the same bytes until a replay, but
    for rows that came back with a file: they are sent under their keys by the plan of then."""
    heard, shop = world.receiver.heard, world.shop
    accepted: dict[tuple[str, int], int] = {}
    keys: dict[tuple[str, int], set[str]] = defaultdict(set)
    bodies: dict[str, bytes] = {}
    changed: list[tuple[str, str, int]] = []
    for index, one in enumerate(heard):
        place = place_of(one)
        keys[place].add(one.key)
        if one.said_yes:
            accepted.setdefault(place, index)
        if index < replayed_from:
            body = bodies.setdefault(one.key, one.body)
            if body != one.body and place[1] not in world.came_back:
                changed.append((one.key, *place))
    expected = {place for order in shop.committed.values() for place in order.expected()}
    possible = {place for order in shop.undone.values() for place in order.possible()}
    story = world.said
    assert not expected - set(accepted), ("lost", sorted(expected - set(accepted))[:9], story)
    invented = set(keys) - expected - possible
    assert not invented, ("invented", sorted(invented)[:9], story)
    assert all(len(found) == 1 for found in keys.values()), story
    assert not changed, ("other bytes", changed[:9], story)
    for name, number in accepted:
        if name in ("crm", "statistics"):
            assert accepted["label", number] < accepted[name, number], story
    assert shop.failures == [], "no statement of the application failed"


@pytest.mark.timeout(300)
def test_a_short_storm(tmp_path: Path) -> None:
    world = storm(tmp_path, seed=1, seconds=20, kinds=4)
    assert len(world.shop.committed) > 50


@pytest.mark.soak
@pytest.mark.timeout(5400)
def test_a_long_storm(tmp_path: Path) -> None:
    """Half an hour, or FQL_STORM_MINUTES."""
    storm(tmp_path, seed=7, seconds=SOAK_SECONDS, kinds=9)
