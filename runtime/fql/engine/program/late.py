"""Observers that are made ready at their first use, and those that are made at the start anyway.

A start pays for what its events concern and not for the whole plan. But a plan that cannot be
carried out *here* must be refused when it starts. What the place decides (a kind of action or a
function that is not there, a value of the environment that cannot be used, a certificate) is the
same for all actions that say the same about it: so of those that agree in this, the first is made
at the start. Everything else of an action has been verified when the plan was read.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from itertools import chain

from fql.collector import collector_at_rest
from fql.engine.program.model import ObserverSpec
from fql.plan.kinds import function_of
from fql.plan.model import Observer, Plan, PlanNode, Setting
from fql.plan.policies import is_near

_OUTSIDE = ("auth.", "encryption.", "signing.")
"""The policies whose texts may come from the environment."""
_FILES = frozenset({"auth.certificate", "auth.ca", "auth.key"})


class LateObservers(Mapping[str, ObserverSpec]):
    """The specs of a plan's observers, by name, each made when it is asked for."""

    def __init__(self, plan: Plan, make: Callable[[Observer], ObserverSpec]) -> None:
        self._observers = {observer.name: observer for observer in plan.observers}
        self._make = make
        self._made: dict[str, ObserverSpec] = {}
        with collector_at_rest():
            for name in _decided_here(plan):
                self._made[name] = make(self._observers[name])

    def __getitem__(self, name: str) -> ObserverSpec:
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = self._make(self._observers[name])
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(self._observers)

    def __len__(self) -> int:
        return len(self._observers)


def _decided_here(plan: Plan) -> Iterator[str]:
    """The first observer of each set whose actions leave the same to the place."""
    seen: set[Hashable] = set()
    for observer in plan.observers:
        before = len(seen)
        seen.update(map(left_to_the_place, observer.nodes))
        if len(seen) > before:
            yield observer.name


def left_to_the_place(node: PlanNode) -> Hashable:
    """What of an action only the place where it runs can judge: the texts that it takes from the
    environment, and with a certificate the whole url, as that must be https."""
    policies, config = node.policies, node.config
    texts = map(repr, chain((config.url, config.path), config.settings.values()))
    whole = not _FILES.isdisjoint(policies)
    return (
        node.kind,
        config.endpoint,
        function_of(config),
        *[text for text in texts if whole or "'environment'" in text],
        *[(key, _said(policies[key])) for key in policies if key.startswith(_OUTSIDE)],
    )


def _said(setting: Setting) -> tuple[str, bool]:
    return repr(setting.value), is_near(setting)
