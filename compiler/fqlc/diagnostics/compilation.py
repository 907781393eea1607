"""What a compile gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fql.errors import FqlError
from fqlc.diagnostics.model import Diagnostic, Severity
from fqlc.source.text import SourceText


class NotCompiled(FqlError):
    """Sources have errors, so there is no plan. `diagnostics` has them; the message shows them as
    the command does."""

    exit_code = 1

    def __init__(self, message: str, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__(message)
        self.diagnostics = diagnostics


@dataclass(frozen=True)
class Compilation:
    """What a compile gave: the bytes of the plan, or None where anything is an error."""

    plan: bytes | None
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, SourceText] = field(repr=False)

    @property
    def has_errors(self) -> bool:
        """True when there is no plan to be had."""
        return any(d.severity is Severity.ERROR for d in self.diagnostics)

    def plan_or_raise(self) -> bytes:
        """The bytes of the plan. Raises NotCompiled, whose message shows what is wrong."""
        if self.plan is None:
            from fqlc.diagnostics.render import render

            shown = render(self.diagnostics, self.sources)
            raise NotCompiled(f"the sources have errors\n{shown}", self.diagnostics)
        return self.plan
