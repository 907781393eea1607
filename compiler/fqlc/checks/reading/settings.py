"""Reading the policies that a block gives: values by the table, spreads, named retry policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from fql.near import nearest, question
from fql.plan.language.expressions import Constant, Expr
from fql.plan.language.types import NULL
from fql.plan.limits import MOST_HEADERS
from fql.plan.origin import Origin
from fql.plan.policy.keys import Key, Kind
from fql.plan.policy.levels import ALL_HEADERS
from fqlc.checks.describe import kind_of
from fqlc.checks.levels import Given, Settings, usable
from fqlc.checks.reading.entries import Found, known_entries, meant_keys, report_missing
from fqlc.checks.reading.values import ValueReader
from fqlc.checks.table.keys import Mark
from fqlc.diagnostics.model import Edit, Fix, Label
from fqlc.diagnostics.similar import similar_fix
from fqlc.diagnostics.sink import Sink
from fqlc.names.project import Project
from fqlc.syntax.tree import ast

HeaderChecker = Callable[[ast.StringLiteral], Expr]
"""Turns the text of a header into an expression, in the scope of the block."""


@dataclass(frozen=True, slots=True)
class HeaderGiven:
    """A header as written; `value` None removes it."""

    name: str
    value: Expr
    removed: bool = False


class SettingsReader:
    """Reads the policy keys of one block. `retries` are the named policies, read before."""

    def __init__(
        self,
        project: Project,
        sink: Sink,
        values: ValueReader,
        header: HeaderChecker,
        retries: Mapping[str, Settings],
    ) -> None:
        self._project = project
        self._sink = sink
        self._values = values
        self._header = header
        self._retries = retries

    def policies(self, found: Mapping[str, Found], origin: Origin) -> dict[str, Given]:
        """All policies among the entries of a block."""
        settings: dict[str, Given] = {}
        for entry in found.values():
            if entry.key.policy:
                settings.update(self.policy(entry.key, entry.value, origin))
        return usable(settings.items())

    def keys(self, found: Mapping[str, Found], prefix: str, origin: Origin) -> dict[str, Given]:
        """Plain keys of a block as settings under a prefix, as those of a `retry` block."""
        settings = {
            f"{prefix}.{e.key.name}": Given(self._values.read(e.key, e.value), origin, e.value.span)
            for e in found.values()
        }
        return usable(settings.items())

    def policy(self, key: Key, value: ast.Expr, origin: Origin) -> dict[str, Given]:
        """One policy, flat."""
        if key.kind is Kind.HEADERS:
            return self._headers(key, value, origin)
        if key.kind is Kind.OBJECT:
            return self._object(key, value, origin)
        return {key.name: Given(self._values.read(key, value), origin, value.span)}

    def _object(self, key: Key, value: ast.Expr, origin: Origin) -> dict[str, Given]:
        if isinstance(value, ast.WordLiteral) and value.value is None:
            given = Given(Mark.RESET, origin, value.span)
            return {f"{key.name}.{sub.name}": given for sub in key.keys}
        if isinstance(value, ast.NameUse) and key.names == "retry":
            return self._named(value, value.text, origin)
        if isinstance(value, ast.ObjectLiteral):
            return self._entries(key, value, origin)
        if not isinstance(value, ast.ErrorExpression):
            self._values.wrong(key, value)
        return {}

    def _entries(self, key: Key, value: ast.ObjectLiteral, origin: Origin) -> dict[str, Given]:
        if self._is_too_long(value):
            return {}
        settings: dict[str, Given] = {}
        for entry in value.entries:
            if entry.key is None:
                settings.update(self._spread(key, entry.value, origin))
        pairs = [(e.key, e.value) for e in value.entries if e.key is not None]
        found = known_entries(pairs, key.keys, f"`{key.name}`", self._sink)
        if not any(e.key is None for e in value.entries):
            meant = meant_keys(pairs, key.keys)
            wanted = [sub for sub in key.keys if sub.name not in meant]
            report_missing(wanted, found, value.span, f"`{key.name}`", self._sink)
        settings.update(self.keys(found, key.name, origin))
        return settings

    def _is_too_long(self, value: ast.ObjectLiteral) -> bool:
        if len(value.entries) <= MOST_HEADERS:
            return False
        text = f"there are {len(value.entries)} headers, more than {MOST_HEADERS}"
        self._sink.error("FQL390", text, value.span, label="too many headers")
        return True

    def _spread(self, key: Key, value: ast.Expr, origin: Origin) -> Settings:
        if key.names == "retry" and isinstance(value, ast.NameUse):
            return self._named(value, value.text, origin)
        self._sink.error(
            "FQL206",
            f"only a `retry` policy can be spread here, not {kind_of(value)}",
            value.span,
            label="not a policy",
        )
        return {}

    def _named(self, use: ast.NameUse, name: str, origin: Origin) -> dict[str, Given]:
        """The settings of a named policy, as given by the level that names it."""
        settings = self._retries.get(name)
        if settings is not None:
            self._project.uses.mark("retry", name, use.span)
            through = replace(origin, retry=name)
            return {key: replace(given, origin=through) for key, given in settings.items()}
        symbol = self._project.retries.get(name)
        if symbol is None and not self._project.unreadable(name):
            known = list(self._project.retries)
            close = report_unknown("retry policy", use, name, known, self._sink)
            self._project.uses.mark("retry", close, use.span)
        return {}

    def _headers(self, key: Key, value: ast.Expr, origin: Origin) -> dict[str, Given]:
        if isinstance(value, ast.WordLiteral) and value.value is None:
            return {ALL_HEADERS: Given(Mark.RESET, origin, value.span)}
        if not isinstance(value, ast.ObjectLiteral):
            if not isinstance(value, ast.ErrorExpression):
                self._values.wrong(key, value)
            return {}
        if self._is_too_long(value):
            return {}
        settings: dict[str, Given] = {}
        for entry in value.entries:
            if entry.key is None:
                self._sink.error("FQL206", "headers cannot be spread", entry.span)
                continue
            name = f"headers.{entry.key.text.lower()}"
            if name in settings:
                self._header_twice(entry.key, settings[name])
                continue
            given = self._one_header(key, entry.key, entry.value)
            settings[name] = Given(given, origin, entry.span)
        return settings

    def _one_header(self, key: Key, name: ast.Name, value: ast.Expr) -> object:
        if isinstance(value, ast.StringLiteral):
            return HeaderGiven(name.text, self._header(value))
        if isinstance(value, ast.WordLiteral) and value.value is None:
            return HeaderGiven(name.text, Constant(type=NULL, value=None), removed=True)
        if isinstance(value, ast.ErrorExpression):
            return Mark.BAD
        text = replace(key, name=name.text, kind=Kind.TEXT)
        fix = None
        if isinstance(value, ast.NameUse):
            fix = Fix((Edit(value.span, f'"{{{{ {value.text} }}}}"'),), safe=False)
        return self._values.wrong(text, value, fix=fix)

    def _header_twice(self, name: ast.Name, first: Given) -> None:
        labels = (Label(first.span, "first written here"),) if first.span else ()
        self._sink.error(
            "FQL203",
            f"the header `{name.text}` is written twice",
            name.span,
            label="written again here",
            labels=labels,
            help=("header names do not differ by case",),
        )


def report_unknown(what: str, use: ast.NameUse, name: str, known: Sequence[str], sink: Sink) -> str:
    """FQL202 with a suggestion, which is returned (or nothing): it was probably meant, and so is
    not unused besides."""
    close = nearest(name, sink.comparable(known))
    help_: tuple[str, ...] = ()
    if close:
        help_ = (question(close),)
    elif known:
        help_ = (f"the known ones are {', '.join(f'`{n}`' for n in sorted(known)[:10])}",)
    sink.error(
        "FQL202",
        f"unknown {what} `{name}`",
        use.span,
        label=f"no {what} has this name",
        help=help_,
        fix=similar_fix(name, close, use.span),
    )
    return close or ""
