"""From an answer or failure of the egress path to the outcome that the engine decides by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fql.actions.port import Outcome
from fql.actions.requests.bodies import Unreadable, plain_body, promises_json
from fql.egress.retry_after import retry_after_ms
from fql.egress.sealing.secrets import Masker
from fql.egress.wire.answer import Answer
from fql.egress.wire.failures import SendFailed
from fql.exact.light import text_of
from fql.exact.reading import NotJson, read_foreign
from fql.plan.policies import status_text
from fql.plan.policy.table import DEFAULTS

SHOWN = 1_000
"""Characters of a response that are kept for people."""
MAX_REASON = 500
SAID = 60
"""Characters of bytes that are not HTTP."""

Check = Callable[[object], object]
"""The typed value of a JSON value; raises ValueError."""

Refused = tuple[tuple[int, str], ...]
"""Members of a batch that a receiver refused: index and reason."""
NOBODY: Refused = ()


@dataclass(frozen=True, slots=True)
class AnswerReader:
    """Reads the answers of one action.

    `check` is set where somebody reads them, `typed` where `response:` says as what, `batch`
    where members may fail alone; `limit` is `max_response`.
    """

    masker: Masker
    check: Check | None = None
    typed: bool = False
    batch: bool = False
    limit: int = DEFAULTS["max_response"]

    def read(self, answer: Answer, now: float, duration_ms: int, members: int) -> Outcome:
        """The outcome; `now` is unix seconds at the receipt."""
        good = 200 <= answer.status <= 299
        error, value, refused = "", None, NOBODY
        if good and (self.check is not None or self.batch):
            error, value, refused = self._understood(answer, members)
        waits = answer.headers.get("retry-after")
        return Outcome(
            status=answer.status,
            failure="response" if error else None,
            error=error or ("" if good else status_text(answer.status)),
            duration_ms=duration_ms,
            response_start=self.shown(answer),
            answer=value,
            retry_after=None
            if waits is None
            else retry_after_ms(waits, now, answer.headers.get("date")),
            failed_members=refused,
        )

    def _understood(self, answer: Answer, members: int) -> tuple[str, object, Refused]:
        """Why the answer cannot be understood, or what it says: its value and who is refused."""
        try:
            # Masked before anything is made of it: nobody after this line knows a secret.
            content = self.masker.answer(self._content(answer))
            value = None if self.check is None else self.check(content)
            refused = refused_members(content, members) if self.batch else NOBODY
        except Unreadable as error:
            return self.masker.text(str(error))[:MAX_REASON], None, NOBODY
        except ValueError as error:
            text = self.masker.text(str(error))[:MAX_REASON]
            return f"the answer does not fit its type: {text}", None, NOBODY
        return "", value, refused

    def _content(self, answer: Answer) -> object:
        """The JSON in an answer; null for one that neither is JSON nor must be. Raises Unreadable
        where it should be: a refusal must not be taken for silence."""
        body, cut = plain_body(answer, self.limit)
        wanted = self.typed or promises_json(answer, body)
        if cut and wanted:
            raise Unreadable("the answer is longer than max_response")
        try:
            return None if cut else read_foreign(body)
        except NotJson as error:
            if wanted:
                raise Unreadable(f"the answer is not JSON: {error}") from None
            return None

    def shown(self, answer: Answer) -> str:
        """The start of the response with secrets masked.

        Masked before it is cut, so that no half of a secret stays at the end.
        """
        if not answer.body:
            return ""
        # Zeros would hide a secret from the masker, not from people.
        text = text_of(answer.body[: 4 * SHOWN]).replace("\0", "")
        cut = answer.truncated or len(answer.body) > 4 * SHOWN
        return self.masker.start(text, cut=cut)[:SHOWN]

    def failed(self, failure: SendFailed, duration_ms: int) -> Outcome:
        """The outcome of a request that got no answer."""
        error = self.masker.text(failure.message)
        if failure.said:  # masked before it is cut
            said = failure.said.replace("\0", "")
            error += f": {self.masker.start(said, cut=True)[:SAID]!r}"
        return Outcome(
            failure=failure.kind,
            error=error,
            duration_ms=duration_ms,
            retry_after=failure.retry_after,
        )


def refused_members(content: object, members: int) -> Refused:
    """`{"failed": [{"index": 0, "reason": "..."}]}` of a batch's answer; without `failed`, or
    with none in it, nobody is refused. Of a doubled index the first counts. Raises Unreadable
    where it cannot be said who is meant."""
    entries = content.get("failed") if isinstance(content, dict) else None
    if entries is None or entries is False:
        return NOBODY
    if not isinstance(entries, list):
        raise Unreadable("the answer names refused members, but `failed` is not a list")
    found: dict[int, str] = {}
    for place, entry in enumerate(entries):
        index = entry.get("index") if isinstance(entry, dict) else None
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < members:
            raise Unreadable(
                "the answer names a refused member that the batch does not have: "
                f"failed[{place}].index must be a number from 0 to {members - 1}"
            )
        reason = entry.get("reason")
        found.setdefault(index, reason[:MAX_REASON] if isinstance(reason, str) else "refused")
    return tuple(sorted(found.items()))
