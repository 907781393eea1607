"""Patterns of `matches`: what RE2 takes, which runs in time that grows with the text."""

from __future__ import annotations

LONGEST_PATTERN = 1_000
"""Characters of a pattern."""


def pattern_problem(pattern: str) -> str:
    """What is wrong with a pattern; empty when it is sound. RE2 refuses one whose automaton would
    be large."""
    import re2

    if len(pattern) > LONGEST_PATTERN:
        return f"the pattern has more than {LONGEST_PATTERN} characters"
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options=options)
    except (re2.error, UnicodeError) as problem:
        reason = problem.args[0] if problem.args else ""
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        return f"not a pattern of RE2: {text}"
    return ""
