"""Texts that look like credentials: the shapes that makers of keys gave theirs."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SHAPES = (
    ("a Stripe key", re.compile(r"\b[sr]k_(?:live|test)_[0-9A-Za-z]{10,}")),
    ("a webhook secret", re.compile(r"\bwhsec_[0-9A-Za-z+/=]{16,}")),
    ("a GitHub token", re.compile(r"\bgh[pousr]_[0-9A-Za-z]{20,}|\bgithub_pat_[0-9A-Za-z_]{20,}")),
    ("a Slack token", re.compile(r"\bxox[abprs]-[0-9A-Za-z-]{10,}")),
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("a Google key", re.compile(r"\bAIza[0-9A-Za-z_-]{35}")),
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("a JSON web token", re.compile(r"\beyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.")),
    ("a bearer token", re.compile(r"(?i)^bearer\s+(?!\{\{)(?=\S*\d)[0-9A-Za-z._~+/=-]{16,}$")),
    ("basic credentials", re.compile(r"(?i)^basic\s+[0-9A-Za-z+/]{8,}={0,2}$")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Credential:
    """What a text looks like, and the stretch of it that does, beginning at `start`."""

    what: str
    text: str
    start: int


def credential_in(text: str) -> Credential | None:
    """The first credential in a text."""
    for what, shape in _SHAPES:
        found = shape.search(text)
        if found is not None:
            return Credential(what, found.group(), found.start())
    return None
