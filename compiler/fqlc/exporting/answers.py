"""What an answer means to the sender, in words that a receiver needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fql.plan.policies import RetryPolicy, retry_policy
from fqlc.exporting.actions import Action
from fqlc.exporting.schemas import Schema, Writer

_FAILED = (
    " Its body may name events that are refused, as `{\"failed\": [{\"index\": 0, \"reason\": "
    "\"...\"}]}`; the others count as delivered."
)  # fmt: skip


def responses(action: Action, writer: Writer) -> Schema:
    """The answers of an operation: success with its type, everything else in words."""
    good: Schema = {"description": _good(action)}
    if action.answer is not None:
        schema = writer.schema(action.answer, answered=True)
        good["content"] = {"application/json": {"schema": schema}}
    return {"2XX": good, "default": {"description": _others(retry_policy(action.policies))}}


def _good(action: Action) -> str:
    words = "Delivered."
    if action.answer is not None:
        words += " The body must be of this type: an answer of another type counts as a failure."
    return words + (_FAILED if action.batch is not None else "")


def _others(policy: RetryPolicy) -> str:
    again = list(ranges(s for s in range(100, 600) if policy.verdict(s) == "retry"))
    if not again or policy.max_attempts == 1:
        return "Not delivered, and not tried again."
    tries = f"at most {policy.max_attempts} attempts"
    return (
        f"Not delivered. Tried again ({tries}; Retry-After is obeyed): {', '.join(again)}."
        " Not tried again: every other status."
    )


def ranges(statuses: Iterable[int]) -> Iterator[str]:
    """Statuses in order as text, three or more in a row as a range: `408`, `500-599`."""
    row: list[int] = []
    for status in (*statuses, None):
        if row and status != row[-1] + 1:
            yield from _in_a_row(row)
            row = []
        if status is not None:
            row.append(status)


def _in_a_row(row: list[int]) -> list[str]:
    return [f"{row[0]}-{row[-1]}"] if len(row) > 2 else [str(status) for status in row]
