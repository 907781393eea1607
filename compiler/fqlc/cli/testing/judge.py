"""What a test expected against what happened, in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from fql.exact.writing import write_json
from fqlc.checks.reading.declared.model import End, TestModel
from fqlc.cli.testing.conditions import condition_lines, judged
from fqlc.cli.testing.play import Played


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a test ended. `problems` say what was expected and what happened instead; none is a
    pass. `story` tells what was decided and sent, for whoever has to fix it."""

    test: TestModel
    played: Played
    problems: tuple[str, ...]
    story: tuple[str, ...] = ()
    seconds: float = 0.0


def judge(
    played: Played, snapshot: Mapping[str, object] | None = None, seconds: float = 0
) -> Verdict:
    """Compare; with a snapshot the sent bodies too."""
    problems = tuple(_problems(played, snapshot))
    return Verdict(
        played.test, played, problems, tuple(_story(played)) if problems else (), seconds
    )


def _problems(played: Played, snapshot: Mapping[str, object] | None) -> Iterator[str]:
    if played.refused:
        yield played.refused
        return
    expect = played.test.expect
    happened: dict[End, Sequence[str]] = {
        "sent": played.sent,
        "skipped": played.in_state("skipped"),
        "dead": played.in_state("dead"),
    }
    for name, got in happened.items():
        if name in expect.ends and set(expect.ends[name]) != set(got):
            yield f"{name}: expected {_names(expect.ends[name])}, got {_names(got)}"
    for action, count in expect.attempts.items():
        tries = len(played.tries(action))
        if tries != count:
            yield f"attempts of {action}: expected {count}, got {tries}"
    for key, (one, part) in _PARTS.items():
        for action, wanted in expect.parts.get(key, {}).items():
            yield from _part(f"{one} of {action}", wanted, played, action, part)
    yield from _against(snapshot, played)
    for action, count in played.unused.items():
        given = len(played.test.respond[action])
        yield f"respond of {action}: {count} of {given} answers were never used"


def _names(names: Sequence[str]) -> str:
    return f"[{', '.join(sorted(names))}]"


_PARTS = {
    "bodies": ("body", "body"),
    "subjects": ("subject", "subject"),
    "arguments": ("arguments", "arguments"),
}
"""The key of `expect`, how one of its values is called, and where a request has it."""


def _part(what: str, wanted: object, played: Played, action: str, part: str) -> Iterator[str]:
    if not played.tries(action):
        yield f"{what}: nothing was sent"
        return
    for place, expected, got in unlike(wanted, _sent_part(played, action, part)):
        yield f"{what}{place}: expected {expected}, got {got}"


def _sent_part(played: Played, action: str, part: str) -> object:
    if part == "body":
        return sent_body(played, action)
    return played.tries(action)[0].request.get(part)


def _against(snapshot: Mapping[str, object] | None, played: Played) -> Iterator[str]:
    for action, body in (snapshot or {}).items():
        yield from _part(f"snapshot of {action}", body, played, action, "body")
    if snapshot is not None:
        for action in played.sent:
            if action not in snapshot:
                yield f"snapshot of {action}: it is not in the file"


def sent_body(played: Played, action: str) -> object:
    """What the action sent first, as JSON data; of a call, its arguments; of another format than
    JSON, and of a body that is too long to be shown as a whole, the text."""
    request = played.tries(action)[0].request
    body = request.get("arguments" if request.get("kind") == "call" else "body")
    return (body.decode() or None) if isinstance(body, bytes) else body


def unlike(wanted: object, got: object, place: str = "") -> Iterator[tuple[str, str, str]]:
    """Where two values differ: the place, and both as JSON; `nothing` for what is missing."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        for key in (*wanted, *(k for k in got if k not in wanted)):
            yield from unlike(wanted.get(key, _MISSING), got.get(key, _MISSING), f"{place}.{key}")
    elif isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        for number, (one, other) in enumerate(zip(wanted, got, strict=True)):
            yield from unlike(one, other, f"{place}[{number}]")
    elif not _same(wanted, got):
        yield place, _json_text(wanted), _json_text(got)


_MISSING = object()
_DECIMAL = re.compile(r"-?\d{1,1000}(\.\d{1,1000})?")


def _same(wanted: object, got: object) -> bool:
    """Equal as JSON; a number is the text of an equal decimal as well, as which decimals are
    sent."""
    if _is_number(wanted) and isinstance(got, str):
        return _DECIMAL.fullmatch(got) is not None and Decimal(got) == wanted
    if _is_number(wanted) and _is_number(got):
        return bool(wanted == got)
    return type(wanted) is type(got) and bool(wanted == got)


def _is_number(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _json_text(value: object) -> str:
    return "nothing" if value is _MISSING else write_json(value).decode()


# The story ----------------------------------------------------------------------


def _story(played: Played) -> Iterator[str]:
    for action, part in judged(played):
        whose = f"`{action}`" if action else f"`{played.observer.name}`"
        yield f"the condition of {whose}"
        yield from condition_lines(part, 2)
    if played.matched:
        yield "what happened"
    for node in played.observer.nodes:
        state = played.states.get(node.name)
        if state is not None:
            yield f"  {node.name}: {_WORDS[state]}{_tries(played, node.name)}"


_WORDS = {
    "done": "sent",
    "dead": "given up",
    "skipped": "skipped, its condition is false",
    "passed": "not needed, nothing led to it",
    "waiting": "waits for an action that was given up",
}


def _tries(played: Played, action: str) -> str:
    tries = played.tries(action)
    if not tries:
        return ""
    request = tries[0].request
    ends = ", ".join(str(t.outcome.status or t.outcome.failure) for t in tries)
    place = " ".join(str(request[key]) for key in _PLACE if key in request)
    body = _json_text(sent_body(played, action))
    return f": {place}: {ends}\n    {body if len(body) < _WIDE else body[:_WIDE] + '…'}"


_PLACE = ("method", "url", "kind", "subject", "function")
_WIDE = 400
