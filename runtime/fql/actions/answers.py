"""From an answer or failure of the egress path to the outcome that the engine decides by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fql.actions.port import Failure, Outcome
from fql.egress.answer import Answer
from fql.egress.failures import SendFailed
from fql.egress.retry_after import retry_after_ms
from fql.egress.secrets import Masker
from fql.exact.reading import NotJson, read_foreign
from fql.plan.policies import status_text

SHOWN = 1_000
"""Characters of a response that are kept for people."""
MAX_REASON = 500

Check = Callable[[bytes], object]
"""Decodes and checks a typed answer; raises ValueError."""


@dataclass(frozen=True, slots=True)
class AnswerReader:
    """Reads the answers of one action. `check` is set with `response:`; `untyped` where a later
    action reads the answer without a declared type; `batch` where members may fail alone."""

    masker: Masker
    check: Check | None = None
    untyped: bool = False
    batch: bool = False

    def read(self, answer: Answer, now: float, duration_ms: int, members: int) -> Outcome:
        """The outcome; `now` is unix seconds at the receipt."""
        good = 200 <= answer.status <= 299
        failure, error, value = self._value(answer) if good else (None, "", None)
        waits = answer.headers.get("retry-after")
        return Outcome(
            answer.status,
            failure,
            error or ("" if good else status_text(answer.status)),
            duration_ms,
            self.shown(answer),
            value,
            None if waits is None else retry_after_ms(waits, now),
            refused_members(answer, members) if good and self.batch else (),
        )

    def _value(self, answer: Answer) -> tuple[Failure | None, str, object]:
        if self.check is None:
            return None, "", _lenient(answer) if self.untyped else None
        if answer.truncated:
            return "response", "the answer is longer than max_response", None
        encoding = answer.headers.get("content-encoding", "identity").lower()
        if encoding != "identity":
            return "response", f"the answer is encoded ({self.masker.text(encoding[:40])})", None
        try:
            return None, "", self.check(answer.body)
        except ValueError as error:
            text = self.masker.text(str(error))[:MAX_REASON]
            return "response", f"the answer does not fit its type: {text}", None

    def shown(self, answer: Answer) -> str:
        """The start of the response with secrets masked.

        Masked before it is cut, so that no half of a secret stays at the end.
        """
        if not answer.body:
            return ""
        text = answer.body[: 4 * SHOWN].decode("utf-8", "replace").replace("\0", "\ufffd")
        cut = answer.truncated or len(answer.body) > 4 * SHOWN
        return self.masker.start(text, cut=cut)[:SHOWN]

    def failed(self, failure: SendFailed, duration_ms: int) -> Outcome:
        """The outcome of a request that got no answer."""
        return Outcome(
            failure=failure.kind, error=self.masker.text(failure.message), duration_ms=duration_ms
        )


def _lenient(answer: Answer) -> object:
    """JSON where it is JSON; null for everything else."""
    if answer.truncated:
        return None
    try:
        return read_foreign(answer.body)
    except NotJson:
        return None


def refused_members(answer: Answer, members: int) -> tuple[tuple[int, str], ...]:
    """`{"failed": [{"index": 0, "reason": "..."}]}` of a batch's answer; anything else is none.

    Entries without an index of the batch are passed over; of a doubled index the first counts.
    """
    content = _lenient(answer)
    entries = content.get("failed") if isinstance(content, dict) else None
    found: dict[int, str] = {}
    for entry in entries if isinstance(entries, list) else ():
        index = entry.get("index") if isinstance(entry, dict) else None
        if isinstance(index, int) and not isinstance(index, bool) and 0 <= index < members:
            reason = entry.get("reason")
            found.setdefault(index, reason[:MAX_REASON] if isinstance(reason, str) else "refused")
    return tuple(sorted(found.items()))
