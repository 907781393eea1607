"""What breaks the receivers of an action between two plans. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from fql.plan.model import Header
from fql.plan.table import TypeTable
from fqlc.exporting.actions import Action, header_shape
from fqlc.exporting.fitting import Fit
from fqlc.exporting.shapes import NULL

_PROOF = frozenset(
    {
        "signing.enabled", "signing.scheme", "signing.algorithm", "signing.header",
        "signing.timestamp_header", "encryption.algorithm", "encryption.fields", "auth.type",
        "auth.header",
    }
)  # fmt: skip
"""Policies that change what a receiver checks or reads, whatever their values are."""

_SECRETS = frozenset({"signing.secret", "encryption.key"})
"""Policies that switch something on or off; another secret is what a rotation brings."""


_TEXTS = Fit(TypeTable(), TypeTable())
"""Compares headers, which are texts."""


def body_breaks(old: Action, new: Action) -> list[str]:
    """Why a new body may not be what was sent before."""
    if old.body is None or new.body is None:
        return [] if new.body is old.body else ["the body is " + ("gone" if old.body else "new")]
    found = []
    if old.body.media != new.body.media:
        found.append(f"it is {new.body.media}, previously {old.body.media}")
    found += Fit(new.names, old.names).misfits(new.body.shape, old.body.shape)
    return found


def answer_breaks(old: Action, new: Action) -> list[str]:
    """Why an answer that was right may not be right any more."""
    if new.answer is None:
        return []
    if old.answer is None:
        return ["answers must be of a type"]
    return list(Fit(old.names, new.names, answers=True).misfits(old.answer, new.answer))


def header_breaks(old: Sequence[Header], new: Sequence[Header]) -> bool:
    """Whether a header is gone, or a fixed one has another value."""
    now = {header.name.lower(): header_shape(header) for header in new}
    for header in old:
        before, after = header_shape(header), now.get(header.name.lower(), NULL)
        if before != NULL and any(_TEXTS.misfits(after, before)):
            return True
    return False


def policy_breaks(key: str, before: object, after: object) -> bool:
    """Whether another value of a policy changes what receivers check or read."""
    if key in _PROOF:
        return before != after
    if key == "batch.size" and isinstance(before, int) and isinstance(after, int):
        return after > before
    return key in {*_SECRETS, "batch.size"} and (before is None) != (after is None)
