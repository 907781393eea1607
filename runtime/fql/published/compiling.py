"""Lines of `check`, `list`, `diff`, `test`, `config`, `contract show` and `explain --event`, as
JSON."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fql.published.model import Line, Place, Value


class Label(Place):
    """A further place that explains a diagnostic."""

    message: str = Field(description="what is there")
    pointer: str | None = Field(default=None, description="a JSON pointer, in a contract")


class Edit(Place):
    """A stretch of a source, and the text that replaces it."""

    text: str = Field(description="the text instead")


class Fix(Line):
    """How a diagnostic can be mended."""

    safe: bool = Field(description="whether the meaning surely stays as it was meant")
    edits: list[Edit] = Field(description="all of them belong together")


class Check(Place):
    """One diagnostic."""

    code: str = Field(pattern="^FQL[0-9]{3}$", description="`fqlc explain CODE` says more")
    severity: Literal["error", "warning", "info"]
    message: str = Field(description="what is wrong, in one sentence")
    labels: list[Label] = Field(description="further places")
    help: list[str] = Field(description="what to do")
    fix: Fix | None = Field(description="edits that `fqlc check --fix` makes")


class ListedAction(Line):
    """An action of an observer."""

    name: str
    kind: str = Field(description="`webhook`, `publish`, `call` or a further kind")
    target: str = Field(description="where it sends")
    when: str | None = Field(description="its condition")


class Listed(Line):
    """One observer with its actions."""

    name: str
    doc: str = Field(description="its description, empty without one")
    on: list[str] = Field(description="what it watches, such as `Order.update`")
    when: str | None = Field(description="its condition")
    file: str | None = Field(description="the source; null where the plan does not know it")
    line: int | None = Field(description="its line, from 1")
    actions: list[ListedAction]


class Difference(Line):
    """One change between two plans."""

    area: Literal["triggers", "payload", "delivery", "cosmetic"] = Field(
        description="what it touches"
    )
    where: str = Field(description="the part, such as `observer o, action a`")
    what: str = Field(description="the change in words")
    breaking: bool = Field(description="whether a receiver may get what it does not know")


class Tested(Line):
    """One test."""

    test: str = Field(description="its title")
    observer: str
    file: str
    line: int = Field(ge=1)
    passed: bool
    problems: list[str] = Field(description="what was expected and what happened instead")
    sent: list[str] = Field(description="the actions that were tried")
    skipped: list[str] = Field(description="the actions whose condition was false")
    dead: list[str] = Field(description="the actions that were given up")


class CoveredCondition(Line):
    """A part of a condition and how often it was what."""

    action: str | None = Field(description="null for the condition of the observer")
    text: str
    true: int
    false: int


class CoveredEdge(Line):
    """An edge of a flow and how many runs went over it."""

    source: str | None = Field(alias="from", description="null for the event")
    to: str
    kind: str
    runs: int


class CoveredObserver(Line):
    """What tests reach of one observer."""

    name: str
    file: str | None
    line: int | None
    covered: int
    total: int
    conditions: list[CoveredCondition]
    edges: list[CoveredEdge]


class Coverage(Line):
    """What all tests reach."""

    covered: int
    total: int
    percent: float = Field(ge=0, le=100)
    observers: list[CoveredObserver]


class Covered(Line):
    """The last line with `--coverage`."""

    coverage: Coverage


class Operand(Line):
    """A side of a comparison."""

    text: str
    value: Value


class Condition(Line):
    """A condition, its value, and those of its parts."""

    text: str
    value: bool | None
    parts: list[Condition]
    operands: list[Operand] = Field(default_factory=list)


class ExplainedAction(Line):
    """What an action would do. What is not known is left out."""

    name: str
    decision: Literal["send", "publish", "call", "dead", "skip", "after", "batch"] = Field(
        description="`after`: it waits for an earlier answer"
    )
    condition: Condition | None = Field(
        default=None, description="its condition, where it can be judged"
    )
    on_failure: bool = Field(default=False, description="it runs only after a dead action")
    problem: str = Field(default="", description="why the request cannot be built")
    request: dict[str, Value] = Field(default_factory=dict, description="what would be sent")


class ExplainedObserver(Line):
    """What an observer would do."""

    name: str
    watches: bool
    matched: bool
    condition: Condition | None
    actions: list[ExplainedAction]


class ExplainedSubject(Line):
    """What the event says of itself, which may be anything where it is refused."""

    entity: Value
    event: Value
    id: Value


class Explained(Line):
    """What would happen for one event."""

    event: ExplainedSubject
    problem: str | None = Field(description="why the event does not fit its entity")
    observers: list[ExplainedObserver]


class Configured(Line):
    """A setting with its value, and where that comes from."""

    key: str = Field(description="the key, such as `webhooks.retry.max_attempts`")
    value: Value = Field(description="what holds; of secrets the name")
    origin: str = Field(description="`--store`, `FQLC_STORE`, `fql.toml:12` or `default`")
    file: str | None = Field(description="the settings file, where it is from there")
    line: int | None = Field(description="its line, from 1")
    default: Value = Field(description="what holds where nothing is set")
    state: str | None = Field(default=None, description="whether the secrets in it are set")


class ContractOperation(Line):
    """One operation of a contract."""

    operation: str = Field(description="such as `POST /orders/{id}/labels`")
    used_by: list[str] = Field(description="the webhooks that use it, as `observer.action`")


class ContractField(Line):
    """A property of an object."""

    name: str
    type: str = Field(description="its type in the language, such as `String?`")
    members: list[str] = Field(description="the only texts that it can be; empty for any")
    fields: list[ContractField] = Field(description="its own properties, as far as is shown")


class ContractValue(Line):
    """A body or an answer."""

    media: str = Field(description="the media type of a body; empty for an answer, which is JSON")
    type: str = Field(description="its type in the language; empty where the contract has none")
    fields: list[ContractField]


class ContractParameter(Line):
    """A parameter of an operation."""

    name: str
    where: Literal["path", "query", "header", "cookie"]
    type: str
    required: bool
    deprecated: bool


class ContractDetails(Line):
    """One operation with all that it takes and answers."""

    operation: str
    deprecated: bool
    sha256: str = Field(description="over all that the operation reaches, prose left out")
    parameters: list[ContractParameter]
    takes: list[ContractValue] = Field(description="the bodies that it takes, one of them")
    answers: ContractValue | None = Field(description="null for no JSON")
