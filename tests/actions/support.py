"""Plans of one webhook, made by hand, for the tests of the webhook action."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fql.actions.port import Delivery, Outcome
from fql.actions.requests.factory import WebhookActions
from fql.actions.requests.webhook import WebhookAction, WebhookRequest
from fql.expressions.scope import Scope
from fql.plan.language import expressions as x
from fql.plan.language.types import OBJECT, STRING, Type
from fql.plan.model import (
    DeclaredType,
    Endpoint,
    EntityField,
    Header,
    NodeConfig,
    Observer,
    Plan,
    PlanNode,
    Setting,
)
from fql.plan.stored.codec import dump_expression

LABEL = DeclaredType(name="Label", fields=(EntityField(name="label_url", type="String"),))


def field(name: str) -> x.Field:
    """A text field of the row."""
    return x.Field(type=STRING, row="row", name=name)


def text(*parts: x.TextPart) -> dict[str, Any]:
    """A stored text."""
    return dump_expression(x.Text(type=STRING, parts=parts))


def hole(name: str) -> x.Hole:
    """A field in a text."""
    return x.Hole(field(name))


def body(**entries: x.Expr) -> dict[str, Any]:
    """A stored body."""
    made = tuple(x.Entry(name, value) for name, value in entries.items())
    return dump_expression(x.ObjectOf(type=OBJECT, entries=made))


def each(*names: str) -> x.Each:
    """`each { ... }` of these fields."""
    entries = tuple(x.Entry(name, field(name)) for name in names)
    return x.Each(type=Type("List", item=OBJECT), body=x.ObjectOf(type=OBJECT, entries=entries))


def policies(values: Mapping[str, Any], origin: str = "action a") -> dict[str, Setting]:
    """Effective settings."""
    return {key: Setting(value=value, origin=origin) for key, value in values.items()}


def node(
    url: Any = None, *, settings: Mapping[str, Any] | None = None, name: str = "a", **config: Any
) -> PlanNode:
    """One webhook; `url` is a stored text or literal."""
    stored = text(url) if isinstance(url, str) else url
    headers = tuple(Header(name=n, value=v) for n, v in config.pop("headers", {}).items())
    made = NodeConfig(url=stored, headers=headers, **config)
    return PlanNode(name=name, kind="webhook", config=made, policies=policies(settings or {}))


def plan(*nodes: PlanNode) -> Plan:
    """A plan of one observer."""
    observer = Observer(name="o", on=(), nodes=nodes, edges=())
    return Plan(
        format="fql-plan/1", compiler="0", digest="sha256:0", types=(LABEL,), observers=(observer,)
    )


def action(
    actions: WebhookActions, made: PlanNode, *, environment: Mapping[str, str] | None = None,
    endpoint: Endpoint | None = None, others: tuple[PlanNode, ...] = (),
) -> WebhookAction:  # fmt: skip
    """The action of a node in a plan of its own."""
    return actions(plan(made, *others), made, endpoint, environment or {})


def scope(**row: object) -> Scope:
    """An inserted row."""
    return Scope("insert", "Order", row, None, id="e1", observer="o", run="r1")


def delivery(key: str = "key_1", **more: Any) -> Delivery:
    """A first attempt."""
    return Delivery(key, "o", "a", "r1", **{"attempt": 1, **more})


async def attempt(
    made: WebhookAction, what: Scope, *, timeout_ms: int = 2_000, **more: Any
) -> tuple[WebhookRequest, Outcome]:
    """Render and perform once."""
    request = made.render(what)
    assert isinstance(request, WebhookRequest)
    return request, await made.perform(request, delivery(**more), timeout_ms)
