"""Versions of one plan, and what may change between two of them.

A `Version` is printed as a program. Changes are functions from a version to another one; not every
one compiles, and those that do not are left out by who draws them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random

from fql.plan.model import Plan
from fql.plan.stored.codec import read_plan
from fqlc import compile_text

KINDS = ("ready", "armed", "scheduled", "buffered", "sealed", "dead", "behind", "mended", "ordered")
"""One observer for each state that work is left in; an order of this `kind` belongs to it."""


@dataclass(frozen=True)
class Action:
    """One webhook. `body` names fields; `reads` is the action whose answer it sends along."""

    name: str
    path: str
    body: tuple[str, ...] = ("id",)
    response: bool = False
    reads: str = ""
    error_of: str = ""
    batch: int = 0
    secret: str = ""

    def __str__(self) -> str:
        parts = [*self.body]
        parts += [f"answer: {self.reads}.response.id"] if self.reads else []
        parts += [f"why: {self.error_of}.error.message"] if self.error_of else []
        inner = f"{{ {', '.join(parts)} }}"
        body = f"{{ all: each {inner} }}" if self.batch else inner
        more = " response: R" if self.response else ""
        more += f" batch: {{ size: {self.batch}, timeout: 1h }}" if self.batch else ""
        more += f' headers: {{ "X-S": "${{{self.secret}}}" }}' if self.secret else ""
        target = f'endpoint: shop path: "{self.path}"'
        return f"  webhook {self.name} {{ {target} body: {body}{more} }}\n"


@dataclass(frozen=True)
class Observer:
    """One observer of orders of its kind."""

    kind: str
    actions: tuple[Action, ...]
    flow: str = ""
    order_by: str = ""

    def __str__(self) -> str:
        order = f"  order_by: {self.order_by}\n" if self.order_by else ""
        flow = f"  flow {{ {self.flow} }}\n" if self.flow else ""
        actions = "".join(map(str, self.actions))
        head = f'observer {self.kind} {{\n  on: Order.insert\n  when: kind == "{self.kind}"\n'
        return f"{head}{order}{actions}{flow}}}\n"


OLD = "OLD_SECRET"
FIELDS = {"id": "ID @key", "kind": "String", "amount": "Int", "text": "String", "maybe": "String?"}


@dataclass(frozen=True)
class Version:
    """A whole plan."""

    observers: tuple[Observer, ...]
    fields: Mapping[str, str] = field(default_factory=lambda: dict(FIELDS))
    answer: Mapping[str, str] = field(default_factory=lambda: {"id": "Int", "name": "String"})
    endpoint: str = "retry: { max_attempts: 50, initial_delay: 10m, max_delay: 10m, jitter: none }"
    prefix: str = ""

    def __str__(self) -> str:
        fields = "  ".join(f"{name}: {type_}" for name, type_ in self.fields.items())
        answer = "  ".join(f"{name}: {type_}" for name, type_ in self.answer.items())
        return (
            f"entity Order {{ {fields} }}\ntype R {{ {answer} }}\n"
            f'endpoint shop {{ url: "https://shop.example{self.prefix}" {self.endpoint} }}\n'
            + "".join(map(str, self.observers))
        )

    def plan(self) -> Plan | None:
        """Compiled, or None."""
        data = compile_text(str(self)).plan
        return None if data is None else read_plan(data)


def first() -> Version:
    """Each observer leaves its orders in the state that it is called after. The first part of a
    path says how its receiver answers."""
    return Version((
        Observer("ready", (Action("a", "/good/a"), Action("b", "/good/b", ("id", "maybe")))),
        Observer("armed", (Action("a", "/hang/a", ("id", "amount"), response=True),
                           Action("b", "/good/b", reads="a"))),
        Observer("scheduled", (Action("a", "/good/a", response=True),
                               Action("b", "/busy/b", ("id", "text"), reads="a", secret=OLD),
                               Action("c", "/good/c", ("id",), reads="a"))),
        Observer("buffered", (Action("a", "/good/a", ("id", "amount"), batch=50, secret=OLD),)),
        Observer("sealed", (Action("a", "/busy/a", ("id", "text"), batch=2, secret=OLD),)),
        Observer("dead", (Action("a", "/good/a", response=True),
                          Action("b", "/bad/b", ("id", "amount", "maybe"), reads="a"))),
        Observer("behind", (Action("a", "/bad/a", ("id", "text"), response=True),
                            Action("b", "/good/b", ("id",), reads="a", batch=0),
                            Action("c", "/good/c", ("id", "amount"), batch=2))),
        Observer("mended", (Action("a", "/bad/a", ("id", "amount")),
                            Action("b", "/good/b", ("id",), error_of="a")), "a else b"),
        Observer("ordered", (Action("a", "/bad/a", ("id", "text")),), "",
                 "{ by: kind, on_dead: block }"),
    ))  # fmt: skip


Change = Callable[[Version, Random], Version]


def _observer(version: Version, chance: Random, change: Callable[[Observer], Observer]) -> Version:
    if not version.observers:
        return version
    number = chance.randrange(len(version.observers))
    changed = change(version.observers[number])
    observers = (*version.observers[:number], changed, *version.observers[number + 1 :])
    return replace(version, observers=observers)


def _action(version: Version, chance: Random, change: Callable[[Action], Action]) -> Version:
    def one(observer: Observer) -> Observer:
        number = chance.randrange(len(observer.actions))
        changed = change(observer.actions[number])
        actions = (*observer.actions[:number], changed, *observer.actions[number + 1 :])
        return replace(observer, actions=actions)

    return _observer(version, chance, one)


def _in_bodies(version: Version, change: Callable[[tuple[str, ...]], tuple[str, ...]]) -> Version:
    observers = tuple(
        replace(one, actions=tuple(replace(a, body=change(a.body)) for a in one.actions))
        for one in version.observers
    )
    return replace(version, observers=observers)


def field_added(version: Version, chance: Random) -> Version:
    name, type_ = f"added{len(version.fields)}", chance.choice(["Int", "Int?", "String?", "[Int]?"])
    changed = replace(version, fields={**version.fields, name: type_})
    return _action(changed, chance, lambda a: replace(a, body=(*a.body, name)))


def field_removed(version: Version, chance: Random) -> Version:
    gone = chance.choice([*version.fields][2:] or ["text"])
    fields = {name: type_ for name, type_ in version.fields.items() if name != gone}
    changed = replace(version, fields=fields)
    return _in_bodies(changed, lambda body: tuple(name for name in body if name != gone))


def field_renamed(version: Version, chance: Random) -> Version:
    old = chance.choice([*version.fields][2:] or ["text"])
    new = f"{old}_new"
    fields = {new if name == old else name: type_ for name, type_ in version.fields.items()}
    changed = replace(version, fields=fields)
    return _in_bodies(changed, lambda body: tuple(new if n == old else n for n in body))


def field_retyped(version: Version, chance: Random) -> Version:
    name = chance.choice([*version.fields][2:] or ["text"])
    type_ = chance.choice(["Int", "String", "Float", "Decimal", "ID", "Boolean", "JSON"])
    return replace(version, fields={**version.fields, name: type_})


def field_made_nullable(version: Version, chance: Random) -> Version:
    name = chance.choice([*version.fields][2:] or ["text"])
    type_ = version.fields.get(name, "String")
    other = type_.removesuffix("?") if type_.endswith("?") else f"{type_}?"
    return replace(version, fields={**version.fields, name: other})


def action_added(version: Version, chance: Random) -> Version:
    new = Action(f"n{chance.randrange(100)}", "/good/new", response=chance.random() < 0.5)

    def one(observer: Observer) -> Observer:
        if observer.flow:
            return observer
        before, *rest = observer.actions
        if chance.random() < 0.5:
            return replace(observer, actions=(*observer.actions, new))
        reads = new.name if new.response else before.reads
        return replace(observer, actions=(new, replace(before, reads=reads), *rest))

    return _observer(version, chance, one)


def action_removed(version: Version, chance: Random) -> Version:
    def one(observer: Observer) -> Observer:
        gone = chance.choice(observer.actions).name
        left = tuple(a for a in observer.actions if a.name != gone) or observer.actions
        unread = tuple(replace(a, reads="", error_of="") if gone in (a.reads, a.error_of) else a
                       for a in left)  # fmt: skip
        return replace(observer, actions=unread, flow="")

    return _observer(version, chance, one)


def action_renamed(version: Version, chance: Random) -> Version:
    def one(observer: Observer) -> Observer:
        old = chance.choice(observer.actions).name
        return replace(observer, flow="", actions=tuple(
            replace(a, name=f"{old}_new" if a.name == old else a.name,
                    reads=f"{old}_new" if a.reads == old else a.reads, error_of="")
            for a in observer.actions
        ))  # fmt: skip

    return _observer(version, chance, one)


def action_moved(version: Version, chance: Random) -> Version:
    def one(observer: Observer) -> Observer:
        actions = [replace(a, reads="", error_of="") for a in observer.actions]
        chance.shuffle(actions)
        return replace(observer, actions=tuple(actions), flow="")

    return _observer(version, chance, one)


def endpoint_changed(version: Version, chance: Random) -> Version:
    retry = f"retry: {{ max_attempts: {chance.choice([2, 60])}, initial_delay: 5m }}"
    return replace(version, prefix=chance.choice(["", "/v2"]), endpoint=chance.choice([
        retry, f"{retry} timeout: 3s", f"{retry} concurrency: 2",
    ]))  # fmt: skip


def secret_changed(version: Version, chance: Random) -> Version:
    if chance.random() < 0.5:
        name = chance.choice(["OLD", "NEW"])
        auth = f'auth: {{ type: bearer, token: "${{{name}_TOKEN}}" }}'
        return replace(version, endpoint=f"retry: {{ initial_delay: 5m }} {auth}")
    name = chance.choice(["", "OLD_SECRET", "NEW_SECRET"])
    return _action(version, chance, lambda a: replace(a, secret=name))


def secrets_moved(version: Version, chance: Random) -> Version:
    """Every action that has a secret takes it from another name."""
    name = chance.choice(["NEW_SECRET", "OLD_SECRET"])
    observers = tuple(
        replace(one, actions=tuple(
            replace(a, secret=name if a.secret else "") for a in one.actions
        ))
        for one in version.observers
    )  # fmt: skip
    return replace(version, observers=observers)


def order_changed(version: Version, chance: Random) -> Version:
    order = chance.choice(["", "kind", "id", "{ by: kind, on_dead: block }"])

    def one(observer: Observer) -> Observer:
        batched = any(action.batch for action in observer.actions)
        return observer if batched else replace(observer, order_by=order)

    return _observer(version, chance, one)


def batch_changed(version: Version, chance: Random) -> Version:
    return _action(version, chance, lambda a: replace(a, batch=chance.choice([0, 1, 3, 50])))


def response_changed(version: Version, chance: Random) -> Version:
    if chance.random() < 0.4:
        return _action(version, chance, lambda a: replace(a, response=not a.response))
    answer = {"id": chance.choice(["Int", "ID", "Float", "String", "Int?", "JSON"])}
    if chance.random() < 0.5:
        answer["name"] = "String"
    return replace(version, answer=answer)


def observer_removed(version: Version, chance: Random) -> Version:
    gone = chance.randrange(len(version.observers)) if version.observers else 0
    left = (*version.observers[:gone], *version.observers[gone + 1 :])
    return replace(version, observers=left or version.observers)


def observer_added_again(version: Version, chance: Random) -> Version:
    known = {observer.kind for observer in version.observers}
    missing = [observer for observer in first().observers if observer.kind not in known]
    if not missing:
        return version
    return replace(version, observers=(*version.observers, chance.choice(missing)))


CHANGES: tuple[Change, ...] = (
    field_added, field_removed, field_renamed, field_retyped, field_made_nullable, action_added,
    action_removed, action_renamed, action_moved, endpoint_changed, secret_changed, secrets_moved,
    order_changed,
    batch_changed, response_changed, observer_removed, observer_added_again,
)  # fmt: skip


def changed(version: Version, chance: Random, count: int) -> tuple[Version, Plan, list[str]]:
    """Another version that compiles, and what was changed."""
    names: list[str] = []
    plan = version.plan()
    assert plan is not None, compile_text(str(version)).diagnostics
    while len(names) < count:
        change = chance.choice(CHANGES)
        other = change(version, chance)
        made = other.plan()
        names.append(change.__name__ if made else f"({change.__name__})")
        if made is not None:
            version, plan = other, made
    return version, plan, names
