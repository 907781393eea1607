"""What an action sends, compared with the operation that it is bound to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fql.plan.web.formats import MEDIA_TYPES
from fql.plan.web.headers import BODYLESS
from fqlc.checks.levels import Given
from fqlc.checks.media import CONTENT_TYPE, media_type_of
from fqlc.checks.model import ActionModel, ObserverModel, Program
from fqlc.checks.reading.entries import is_read_in_full
from fqlc.checks.reading.settings import HeaderGiven
from fqlc.contracts.judging.wire.sending import Sending
from fqlc.contracts.judging.wire.values import Items, Value
from fqlc.contracts.model import Binding, Content, Schema, is_json
from fqlc.types.report import poisoned


@dataclass(frozen=True, slots=True)
class Bound:
    """An action with the operation that it is judged by, and its policies."""

    program: Program
    observer: ObserverModel
    action: ActionModel
    contract: Binding
    settings: Mapping[str, Given]

    @property
    def encrypted(self) -> bool:
        """True where anything of the body is encrypted."""
        return any(key.startswith("encryption.") for key in self.settings)

    @property
    def sealed(self) -> tuple[str, ...] | None:
        """The keys that are encrypted; None where the whole body is."""
        if not self.encrypted:
            return ()
        fields = self.settings.get("encryption.fields")
        if fields is None or not isinstance(fields.value, list):
            return None
        return tuple(map(str, fields.value))

    @property
    def batch(self) -> int | None:
        """How many events a call holds at most; None where it holds one, or that is not known."""
        size = self.settings.get("batch.size") if self.action.batched else None
        return size.value if size is not None and isinstance(size.value, int) else None

    @property
    def sends(self) -> bool:
        """True where a body is sent."""
        target = self.action.target
        return target.method not in BODYLESS and target.format != "none"

    def value(self) -> Value | None:
        """What is sent as the body; None where it could not be read."""
        action, sealed = self.action, self.sealed
        if not is_read_in_full(action.block) or not self.observer.sound:
            return None
        form = action.target.format == "form"
        sending = Sending(self.program.project, sealed or (), form=form, batch=self.batch)
        if sealed is None:
            return sending.sealed(action.body)
        if action.body is not None:
            return None if poisoned(action.body) else sending.of(action.body)
        if self.observer.entity is None or self.observer.entity.broken:
            return None
        one = sending.envelope(self.observer.entity.name, action.scope.possible_events())
        return Items(item=one, batch=self.batch) if action.batched else one


def bound_actions(program: Program) -> Iterator[Bound]:
    """The actions that have a contract."""
    for observer in program.observers:
        for action in observer.actions:
            if action.contract is not None:
                settings = program.effective(observer, action)
                yield Bound(program, observer, action, action.contract, settings)


def media_type(bound: Bound) -> str:
    """The media type of the body, in lower case; empty where only a runtime knows it."""
    given = bound.settings.get(CONTENT_TYPE)
    if given is None or (isinstance(given.value, HeaderGiven) and given.value.removed):
        return MEDIA_TYPES.get(bound.action.target.format, "").partition(";")[0]
    return media_type_of(given)


def body_schema(bound: Bound) -> Schema | None:
    """The schema of what is sent; a JSON Schema of the webhook's own is about any format."""
    operation = bound.contract.operation
    if operation.body is None or not bound.sends:
        return None
    if not operation.documented:
        return next(iter(operation.body.media.values()), None)
    return schema_for(operation.body, media_type(bound))[1]


def schema_for(content: Content, media: str) -> tuple[bool, Schema | None]:
    """Whether an operation takes bodies of a media type, and their schema."""
    kind = media.partition("/")[0]
    for name in (media, f"{kind}/*", "*/*"):
        if name in content.media:
            return True, content.media[name]
    if is_json(media):
        found = content.json()
        return (False, None) if found is None else (True, found[1])
    return False, None
