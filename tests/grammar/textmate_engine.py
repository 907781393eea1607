"""What a TextMate engine makes of a text, for grammars that use `match`, `begin`, `end`, `include`.

As editors do it: line by line; the earliest match counts, at one place the end of the open rule
before the rules in it, and those in their order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

Pattern = Mapping[str, Any]


class Engine:
    """A grammar, ready to colour texts."""

    def __init__(self, grammar: str) -> None:
        self.root: Pattern = json.loads(grammar)
        self._rules = cache(lambda name: list(self._expanded(self.root["repository"][name])))
        self._file = list(self._expanded(self.root))

    def scopes(self, text: str) -> list[str]:
        """The innermost scope of each character; empty where nothing claims it."""
        found: list[str] = []
        stack: list[Pattern] = []
        for line in text.splitlines(keepends=True):
            found += self._line(line, stack)
        return found

    def _line(self, line: str, stack: list[Pattern]) -> list[str]:
        found = [""] * len(line)
        at = 0
        while at <= len(line.rstrip("\r\n")):
            open_rule = stack[-1] if stack else None
            rule, match = self._next(line, at, open_rule)
            if rule is None or match is None:
                break
            self._fill(found, at, match.start(), open_rule)
            self._fill(found, match.start(), match.end(), rule)
            if rule is open_rule:
                stack.pop()
            elif "begin" in rule:
                stack.append(rule)
            elif match.end() == match.start():
                raise AssertionError(f"{rule} matches nothing, for ever")
            at = match.end()
        self._fill(found, at, len(line), stack[-1] if stack else None)
        return found

    def _next(
        self, line: str, at: int, open_rule: Pattern | None
    ) -> tuple[Pattern | None, re.Match[str] | None]:
        best: tuple[Pattern | None, re.Match[str] | None] = (None, None)
        if open_rule is not None:
            best = (open_rule, compiled(open_rule["end"]).search(line, at))
        for rule in self._file if open_rule is None else self._inside(open_rule):
            match = compiled(rule.get("match") or rule["begin"]).search(line, at)
            if match and (best[1] is None or match.start() < best[1].start()):
                best = (rule, match)
        return best if best[1] else (None, None)

    def _inside(self, rule: Pattern) -> Iterator[Pattern]:
        for include in rule["patterns"]:
            yield from self._rules(include["include"][1:])

    def _expanded(self, group: Pattern) -> Iterator[Pattern]:
        for pattern in group["patterns"]:
            if "include" in pattern:
                yield from self._expanded(self.root["repository"][pattern["include"][1:]])
            else:
                yield pattern

    @staticmethod
    def _fill(found: list[str], start: int, end: int, rule: Pattern | None) -> None:
        for at in range(start, end):
            found[at] = rule["name"].removesuffix(".fql") if rule else ""


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern; `$` stands before the end of the line, as in editors."""
    return re.compile(pattern, re.MULTILINE)
