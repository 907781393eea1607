"""FQL371: signing, encryption and authentication that are incomplete or weak, as merged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fql.plan.language.expressions import Constant, Text
from fql.plan.policy.table import AUTH_NEEDS, AUTH_TAKES
from fqlc.checks.credentials import credential_in
from fqlc.checks.describe import quoted
from fqlc.checks.levels import Given
from fqlc.checks.model import Program
from fqlc.diagnostics.sink import Sink
from fqlc.source.text import Span

_SHORTEST_SECRET = 16


def check(program: Program, sink: Sink) -> None:
    """Judge each endpoint and each action by what holds there."""
    for settings, where in _places(program):
        _signing(settings, where, sink)
        _encryption(settings, where, sink)
        _auth(settings, where, sink)


def _places(program: Program) -> Iterator[tuple[Mapping[str, Given], Span]]:
    for endpoint in program.endpoints.values():
        yield program.effective_at(endpoint), endpoint.block.header
    for observer in program.observers:
        for action in observer.actions:
            yield program.effective(observer, action), action.block.header


def _group(settings: Mapping[str, Given], prefix: str) -> dict[str, Given]:
    return {
        key.removeprefix(prefix): given for key, given in settings.items() if key.startswith(prefix)
    }


def _span_of_group(group: Mapping[str, Given], where: Span) -> Span:
    return next((g.span for g in group.values() if g.span is not None), where)


def _signing(settings: Mapping[str, Given], where: Span, sink: Sink) -> None:
    group = _group(settings, "signing.")
    enabled = group.get("enabled")
    if not group or (enabled is not None and enabled.value is False):
        return
    secret = group.get("secret")
    if secret is None or secret.value == []:
        sink.error(
            "FQL371", "signing without a `secret` signs nothing", _span_of_group(group, where),
            label="no secret", help=('add `secret: "${NAME}"`',),
        )  # fmt: skip
        return
    _literal_secret(secret, "secret", sink)
    scheme = group.get("scheme")
    named = [k for k in ("header", "timestamp_header") if k in group]
    if scheme is not None and scheme.value not in ("fraiseql", None) and named:
        at = group[named[0]]
        sink.error(
            "FQL371", f"the scheme `{scheme.value}` has its own headers", at.span or where,
            label=f"`{named[0]}` belongs to `fraiseql`", help=("remove it, or the scheme",),
        )  # fmt: skip
    _algorithm(group, where, sink)


def _algorithm(group: Mapping[str, Given], where: Span, sink: Sink) -> None:
    algorithm, scheme = group.get("algorithm"), group.get("scheme")
    if algorithm is None or algorithm.value != "ed25519":
        return
    other = scheme is not None and scheme.value != "standard"
    if other or "header" in group or "timestamp_header" in group:
        sink.error(
            "FQL371", "`ed25519` works with the scheme `standard` only", algorithm.span or where,
            label="not under this scheme",
        )  # fmt: skip


def _literal_secret(given: Given, name: str, sink: Sink) -> None:
    """A secret that is in the source is known to everybody who reads it."""
    values = given.value if isinstance(given.value, list) else [given.value]
    for value in values:
        text = value.get("secret") if isinstance(value, dict) else value
        literal = _literal(text)
        known = literal is None or credential_in(literal) is not None  # FQL322 says so
        if literal is not None and not known and given.span is not None:
            short = len(literal) < _SHORTEST_SECRET
            why = f"shorter than {_SHORTEST_SECRET} characters" if short else "part of the plan"
            sink.error(
                "FQL371", f"the {name} is written in the source, where everybody can read it",
                given.span, label=why, help=('take it from the environment: `"${NAME}"`',),
            )  # fmt: skip


def _literal(value: object) -> str | None:
    """The text of a value that holds no `${NAME}`."""
    if isinstance(value, Constant) and isinstance(value.value, str):
        return value.value
    if isinstance(value, Text) and all(isinstance(part, str) for part in value.parts):
        return "".join(str(part) for part in value.parts)
    return None


def _encryption(settings: Mapping[str, Given], where: Span, sink: Sink) -> None:
    group = _group(settings, "encryption.")
    if not group:
        return
    key = group.get("key")
    if key is None:
        sink.error(
            "FQL371", "encryption without a `key` encrypts nothing", _span_of_group(group, where),
            label="no key", help=('add `key: "${NAME}"`, 32 bytes as base64 or hex',),
        )  # fmt: skip
    else:
        _literal_secret(key, "key", sink)
    fields = group.get("fields")
    if fields is not None and fields.value == []:
        sink.error(
            "FQL371", "encryption of no fields encrypts nothing", fields.span or where,
            label="empty", help=("name the keys of the body, or remove `fields`",),
        )  # fmt: skip


def _auth(settings: Mapping[str, Given], where: Span, sink: Sink) -> None:
    group = _group(settings, "auth.")
    kind = group.get("type")
    if not group or kind is None:
        return
    name = str(kind.value)
    missing = [key for key in AUTH_NEEDS.get(name, ()) if key not in group]
    if missing:
        sink.error(
            "FQL371", f"`{name}` needs {quoted(missing, 'and')}", kind.span or where,
            label="incomplete",
        )  # fmt: skip
    for key, given in group.items():
        if key != "type" and key not in AUTH_TAKES.get(name, ()):
            sink.error(
                "FQL371", f"`{name}` has no `{key}`", given.span or where, label="of another type",
            )  # fmt: skip
    for key in ("token", "password", "value", "client_secret"):
        if key in group and key in AUTH_TAKES.get(name, ()):
            _literal_secret(group[key], f"`{key}`", sink)
