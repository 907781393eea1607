"""What reading a block needs: scopes, values, texts and policies of one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fql.plan.language.expressions import Constant
from fqlc.checks.late_contracts import LateContracts
from fqlc.checks.levels import Settings
from fqlc.checks.model import EndpointModel, Surroundings, Written
from fqlc.checks.reading.entries import Found
from fqlc.checks.reading.settings import SettingsReader
from fqlc.checks.reading.values import ValueReader
from fqlc.checks.table.keys import Mark
from fqlc.diagnostics.sink import Sink
from fqlc.names.project import Project
from fqlc.syntax.tree import ast
from fqlc.types.infer import check_text, infer
from fqlc.types.scope import ExprScope
from fqlc.types.texts.templates import Place


@dataclass(frozen=True, slots=True)
class Tools:
    """The project, the file that is read, and where reports go."""

    project: Project
    path: str
    sink: Sink
    surroundings: Surroundings
    retries: Mapping[str, Settings]
    contracts: LateContracts
    endpoints: Mapping[str, EndpointModel] = field(default_factory=dict)

    def scope(self) -> ExprScope:
        """A scope without a row, where `${NAME}` is allowed."""
        return ExprScope(self.project, self.path, allow_environment=True)

    def values(self) -> ValueReader:
        """A reader of settled values; texts may hold `${NAME}`."""
        scope = self.scope()
        return ValueReader(
            self.sink, lambda text: check_text(text, scope, self.sink, "setting"), self.constant
        )

    def settings(self, scope: ExprScope) -> SettingsReader:
        """A reader of policies whose headers can see `scope`."""
        return SettingsReader(
            self.project,
            self.sink,
            self.values(),
            lambda text: check_text(text, scope, self.sink, "header"),
            self.retries,
        )

    def constant(self, use: ast.NameUse) -> object | None:
        """The value of the `let` that a name means, or None."""
        if use.text not in self.project.lets:
            return None
        found = infer(use, self.scope(), self.sink)
        return found.value if isinstance(found, Constant) else None

    def value(self, found: Found | None) -> object | None:
        """The settled value of an entry; None where it is absent, null or wrong."""
        if found is None:
            return None
        value = self.values().read(found.key, found.value)
        return None if isinstance(value, Mark) else value

    def accepts(self, found: Found | None) -> frozenset[str] | None:
        """What `accepts` lists; None where it is given and cannot be read."""
        value = self.value(found)
        if found is not None and value is None:
            return None
        return frozenset(map(str, value)) if isinstance(value, list) else frozenset()

    def text(self, found: Found | None, scope: ExprScope, place: Place) -> Written | None:
        """The text of an entry, checked; None where it is absent or no text."""
        if found is None:
            return None
        if not isinstance(found.value, ast.StringLiteral):
            if not isinstance(found.value, ast.ErrorExpression):
                self.values().wrong(found.key, found.value)
            return None
        return Written(check_text(found.value, scope, self.sink, place), found.value)
