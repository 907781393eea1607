"""What the engine tells, in words for a person at a terminal; programs get the fields instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fql.terminal.words import counted

Fields = Mapping[str, object]


def sentence(fields: Fields) -> str | None:
    """The sentence for the fields of a log record; None where there is none for its event."""
    speak = _SENTENCES.get(str(fields.get("event")))
    return speak(fields) if speak else None


def _started(fields: Fields) -> str:
    recovered = fields["recovered"]
    work = ""
    if isinstance(recovered, int) and recovered:
        work = f"; work is waiting for {counted(recovered, 'endpoint')}"
    before = "" if fields["clean"] else ", after an end without draining"
    return f"the engine has started{before}{work}"


def _stopped(fields: Fields) -> str:
    return "the engine has stopped" + ("" if fields["clean"] else " without draining")


def _attempt(fields: Fields) -> str:
    failure = fields.get("reason") or f"failed ({fields['failure']})"
    got = failure if fields["failure"] else f"status {fields['status']}"
    where = f" to {fields['endpoint']}" if "endpoint" in fields else ""
    tried = f"{_action(fields)}: attempt {fields['attempt']}{where}"
    what = f"{tried}: {got} after {fields['duration_ms']} ms"
    then = _THEN.get(str(fields["state"]))
    return f"{what}, {then}" if then else what


_THEN = {"scheduled": "will be tried again", "ready": "will be tried again", "dead": "given up"}
"""What follows an attempt, by what its action became."""


def _run(fields: Fields) -> str:
    return f"{fields['observer']}{_event(fields)}: the run is {fields['state']}"


def _letter(fields: Fields) -> str:
    whose = _action(fields) if fields["action"] else "an event that does not fit"
    return f"dead letter {fields['dlq_id']}: {whose} ({fields['class']})"


def _closed(fields: Fields) -> str:
    return f"dead letter {fields['dlq_id']}: {fields['how']}"


def _evicted(fields: Fields) -> str:
    why = "past the retention period or size limit"
    return f"dead letter {fields['dlq_id']}: removed, {why} ({_action(fields)})"


def _switched(fields: Fields) -> str:
    return f"plan {str(fields['digest'])[:19]} is active"


def _moved(fields: Fields) -> str:
    """Who has which part of the work of a store that engines share."""
    taken, given = fields["taken"], fields["given"]
    what = f"took {taken}" if taken else f"gave back {given}"
    engines = fields["engines"]
    others = f"{engines} engines share the work" if engines != 1 else "no other engine is there"
    return f"{what} of {fields['count']} shards and has {fields['mine']} now; {others}"


def _trouble(fields: Fields) -> str:
    return f"a commit did not succeed: {fields['reason']}"


def _action(fields: Fields) -> str:
    return f"{fields['observer']}.{fields['action']}{_event(fields)}"


def _event(fields: Fields) -> str:
    return f" for {fields['event_id']}" if fields.get("event_id") else ""


_SENTENCES: Mapping[str, Callable[[Fields], str]] = {
    "EngineStarted": _started,
    "EngineStopped": _stopped,
    "AttemptEnded": _attempt,
    "RunFinished": _run,
    "DeadLetterWritten": _letter,
    "DeadLetterClosed": _closed,
    "DeadLetterEvicted": _evicted,
    "PlanSwitched": _switched,
    "ShardsMoved": _moved,
    "StoreTrouble": _trouble,
}
