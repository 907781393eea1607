"""FQL331: a `@sensitive` value leaves in the clear for a receiver that does not accept it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice

from fqlc.checks.levels import Given
from fqlc.checks.model import ActionModel, EndpointModel, ObserverModel, Program, Written
from fqlc.checks.reading.entries import is_read_in_full
from fqlc.checks.reading.settings import HeaderGiven
from fqlc.diagnostics.model import Label
from fqlc.diagnostics.sink import Sink
from fqlc.syntax.tree import ast
from fqlc.types.sensitive import SensitiveUse, sensitive_fields, sensitive_in_row

MOST_FIELDS = 20
"""Fields that are reported of one action: all of them have one cause and one cure."""


def check(program: Program, sink: Sink) -> None:
    """Look at everything that each action sends; each field is reported once for an action."""
    rows = program.project.rows.values()
    if not any(field.sensitive for row in rows for field in row.fields.values()):
        return
    for observer in program.observers:
        for action in observer.actions:
            endpoint = program.endpoints.get(action.endpoint or "")
            accepts = action.target.accepts if endpoint is None else endpoint.accepts
            if _is_unclear(action, endpoint) or "sensitive" in (accepts or ()):
                continue
            settings = program.effective(observer, action)
            _action(observer, action, settings, sink)


def _is_unclear(action: ActionModel, endpoint: EndpointModel | None) -> bool:
    """True without a known receiver, and for one that was not read in full: it might accept
    all."""
    if endpoint is not None:
        return endpoint.accepts is None or not endpoint.block.sound
    target = action.target
    if action.kind != "webhook":
        nowhere = target.subject is None and not target.function
        return nowhere or target.accepts is None or not action.block.sound
    named = any(e.key.text == "endpoint" for e in action.block.entries)
    return target.url is None or named


def _action(
    observer: ObserverModel, action: ActionModel, settings: Mapping[str, Given], sink: Sink
) -> None:
    uses = chain(_outside_the_body(observer, action), _in_the_body(action, settings))
    found = tuple(islice(_each_once(uses), MOST_FIELDS + 1))
    for number, use in enumerate(found[:MOST_FIELDS], 1):
        _report(action, use, sink, more=number == MOST_FIELDS < len(found))


def _each_once(uses: Iterable[SensitiveUse]) -> Iterator[SensitiveUse]:
    seen: set[tuple[str, str]] = set()
    for use in uses:
        if (use.owner, use.field) not in seen:
            seen.add((use.owner, use.field))
            yield use


def _outside_the_body(observer: ObserverModel, action: ActionModel) -> Iterator[SensitiveUse]:
    target = action.target
    for text in (target.url, target.path, target.subject):
        if isinstance(text, Written):
            yield from sensitive_fields(text.expr, action.scope, text.literal.span)
    wider = observer.settings if action.kind == "webhook" else {}
    for given in {**wider, **action.settings}.values():
        if isinstance(given.value, HeaderGiven) and given.span is not None:
            yield from sensitive_fields(given.value.value, action.scope, given.span)


def _in_the_body(action: ActionModel, settings: Mapping[str, Given]) -> Iterator[SensitiveUse]:
    fields = _encrypted(settings, action.block)
    if fields == ():
        return
    covered = frozenset(fields or ())
    if action.body is None:
        sends = action.sends_event and action.target.method != "GET"
        if sends and _lacks_body(action.block):
            yield from sensitive_in_row(action.scope, action.block.header, covered)
        return
    near = action.body_span or action.block.header
    yield from sensitive_fields(action.body, action.scope, near, covered)


def _lacks_body(block: ast.Block) -> bool:
    """True where no body was meant, not even under a key that does not exist."""
    return is_read_in_full(block)


def _gives_encryption(block: ast.Block) -> bool:
    return any(e.key.text == "encryption" and not _is_null(e.value) for e in block.entries)


def _is_null(value: ast.Expr) -> bool:
    return isinstance(value, ast.WordLiteral) and value.value is None


def _encrypted(settings: Mapping[str, Given], block: ast.Block) -> tuple[str, ...] | None:
    """The keys that are encrypted; empty when the whole body is, or when it cannot be told because
    the `encryption` of the block could not be read; None when nothing is."""
    if not any(key.startswith("encryption.") for key in settings):
        return () if _gives_encryption(block) else None
    fields = settings.get("encryption.fields")
    if fields is None or not isinstance(fields.value, list):
        return ()
    return tuple(str(f) for f in fields.value)


def _report(action: ActionModel, use: SensitiveUse, sink: Sink, *, more: bool) -> None:
    to = _receiver(action)
    whole = " (a body that is not given holds every field)" if action.body is None else ""
    labels = list(use.chain)
    if action.endpoint:
        target = next((e.value for e in action.block.entries if e.key.text == "endpoint"), None)
        if target is not None:
            labels.append(Label(target.span, "does not accept sensitive values"))
    sink.error(
        "FQL331",
        f"`{use.field}` of `{use.owner}` is sensitive and would be sent unencrypted to {to}{whole}",
        use.use,
        label="leaves here",
        labels=tuple(labels),
        help=(
            *_cures(action, use),
            *(("there are more such fields, not listed here",) if more else ()),
        ),
    )


def _receiver(action: ActionModel) -> str:
    if action.kind == "publish":
        return f"the subject of `{action.name}`"
    if action.kind == "call":
        return f"the function `{action.target.function}`"
    return f"the endpoint `{action.endpoint}`" if action.endpoint else f"the url of `{action.name}`"


def _cures(action: ActionModel, use: SensitiveUse) -> Iterator[str]:
    if action.kind != "webhook":
        yield f"declare in this `{action.kind}`: `accepts: [sensitive]`"
        return
    yield (
        "declare in the endpoint: `accepts: [sensitive]`"
        if action.endpoint
        else "send to an `endpoint` with `accepts: [sensitive]`"
    )
    key = use.keys[0] if use.keys else use.field
    yield f'or encrypt it: `encryption: {{ key: "${{NAME}}", fields: [{key}] }}`'
