"""Subjects of NATS messages, and the headers beside them. Compiler and runtime share these rules.

A subject is tokens with dots between them. A value fills a token or a part of one: it can never
add a token, become a wildcard, or lead into what belongs to the server.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fql.plan.language.expressions import Choice, Environment, Loop, TextPart
from fql.plan.web.headers import NAME_RULE, is_header_name
from fql.plan.web.templates import merge_literals

LONGEST = 1_000
"""Characters of a subject."""

OWN_PREFIXES = ("nats-", "fql-")
"""Names of headers that the server or the delivery owns begin so."""

_FOREIGN = ("_INBOX",)
"""First tokens that belong to the server, besides those with a `$`."""


def subject_problem(subject: str) -> str | None:
    """Why nothing can be published to a whole subject, or None."""
    if len(subject) > LONGEST:
        return f"a subject has at most {LONGEST:,} characters"
    if (problem := _stretch_problem(subject)) is not None:
        return problem
    tokens = subject.split(".")
    if "" in tokens:
        return "a token of the subject is empty"
    if tokens[0].startswith("$") or tokens[0] in _FOREIGN:
        return f"subjects that begin with {tokens[0]} belong to the NATS server"
    return None


def value_problem(value: str) -> str | None:
    """Why a value cannot be in a subject, or None. It is quoted by nobody: it may be private."""
    if not value:
        return "a value in the subject is empty"
    if "." in value:
        return "a value in the subject has a `.`, which would begin another token"
    return _stretch_problem(value, "a value in the subject")


def template_problem(parts: Sequence[TextPart]) -> str | None:
    """Why no value could make a subject of a text with holes, or None: its literal stretches are
    judged with something harmless in each hole."""
    merged = merge_literals(parts)
    for text in _literals(merged):
        if (problem := _stretch_problem(text)) is not None:
            return problem
    if any(isinstance(part, Choice | Loop) for part in merged):
        return None  # whether a token is empty depends on the branch
    return subject_problem("".join(p if isinstance(p, str) else _filler(p) for p in merged))


def _filler(part: TextPart) -> str:
    """Something that fits wherever the part is: whole tokens can come from the environment."""
    return "x.x" if isinstance(part, Environment) else "x"


def _literals(parts: Sequence[TextPart]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, str):
            yield part
        elif isinstance(part, Choice):
            for body in (*(body for _, body in part.branches), part.otherwise):
                yield from _literals(body)
        elif isinstance(part, Loop):
            yield from _literals((*part.body, *part.otherwise))


def _stretch_problem(text: str, what: str = "a subject") -> str | None:
    if "*" in text or ">" in text:
        return f"{what} has a wildcard (`*` or `>`), and a message has one subject"
    if any(sign.isspace() or not sign.isprintable() for sign in text):
        return f"{what} has a blank or a control character"
    return None


def header_name_problem(name: str) -> str | None:
    """Why a message cannot have a header of this name, or None."""
    if not is_header_name(name):
        return NAME_RULE
    if name.lower().startswith(OWN_PREFIXES):
        return f"the header {name} is set by fql or the NATS server"
    return None
