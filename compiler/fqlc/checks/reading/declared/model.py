"""A test of the language as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from fqlc.syntax.tree import ast

End = Literal["sent", "skipped", "dead"]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a test expects: the actions that end in each way, how often some are tried, and what
    some send, as JSON values: by part (`bodies`, `subjects`, `arguments`) and action."""

    ends: Mapping[End, Sequence[str]] = field(default_factory=dict)
    attempts: Mapping[str, object] = field(default_factory=dict)
    parts: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TestModel:
    """A test as data. `respond` has the answers of each action, one attempt after the other."""

    title: str
    block: ast.Block
    observer: str
    entity: str
    event: str
    old: dict[str, object] | None
    new: dict[str, object] | None
    respond: Mapping[str, tuple[Mapping[str, object], ...]] = field(default_factory=dict)
    expect: Expected = field(default_factory=Expected)
