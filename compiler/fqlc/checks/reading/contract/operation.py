"""Reading `contract`, and which operation a webhook is bound to. Reports FQL401 and FQL402.

The operation follows from what is written in the url, before any expression has a type: its answer
is what later actions read.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import unquote

from fql.near import question
from fql.plan.language.types import Type
from fql.plan.policy.keys import Key
from fqlc.checks.describe import quoted
from fqlc.checks.model import Unusable
from fqlc.checks.reading.entries import Found, action_kind, known_entries
from fqlc.checks.reading.tools import Tools
from fqlc.checks.table.blocks import WEBHOOK
from fqlc.contracts.answers import Answers, pascal
from fqlc.contracts.faults import FaultyContract
from fqlc.contracts.library import Contracts
from fqlc.contracts.lookup import Segments, nearest_path, query_pairs, shown
from fqlc.contracts.model import Binding, Operation
from fqlc.contracts.paths import path_of
from fqlc.contracts.reading.openapi import Paths
from fqlc.contracts.shapes import answered
from fqlc.diagnostics.model import Label
from fqlc.source.text import Span
from fqlc.syntax.tree import ast

Made = TypeVar("Made")

_HOLE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_MARK = "\0"
"""Stands for a hole in a path."""


def contract_of_endpoint(tools: Tools, name: str, found: Found) -> tuple[str, Span] | Unusable:
    """The file of an endpoint's contract, and where it is named. Reports FQL206 and FQL402."""
    url = found.value.value[:200] if isinstance(found.value, ast.StringLiteral) else ""
    kind = "json" if url.endswith(".json") else "yaml"
    file = _file(
        tools, found.key, found.value,
        f'write `contract: "{name}.openapi.{kind}"`, and in fql.toml '
        f'`[contracts.{name}] source = "{url}"`',
        f"then `fqlc contract update {name}` fetches it",
    )  # fmt: skip
    if file is None:
        return Unusable.REPORTED
    if "#" in file:
        tools.values().wrong(found.key, found.value, "an endpoint takes a whole document")
        return Unusable.REPORTED
    at = found.value.span
    _attempt(tools, at, lambda contracts: contracts.paths(file), name)
    return file, at


def _file(tools: Tools, key: Key, value: ast.Expr, *for_urls: str) -> str | None:
    """The path that a text names, as the project knows it, with its `#/pointer`. `for_urls` is what
    to do where it is a url."""
    if isinstance(value, ast.StringLiteral) and "://" in value.value:
        tools.sink.error(
            "FQL402", "a contract is a file of the project: a compile reads nothing from the net",
            value.span, label="not a file", help=for_urls,
        )  # fmt: skip
        return None
    if isinstance(value, ast.StringLiteral) and not value.is_template and not value.environment:
        path, mark, pointer = value.value.replace("\\", "/").partition("#")
        whole = posixpath.normpath(posixpath.join(posixpath.dirname(tools.path), path))
        return f"{whole}{mark}{pointer}"
    if not isinstance(value, ast.ErrorExpression):
        tools.values().wrong(key, value, "it is the path of a file, relative to this one")
    return None


def binding_of(tools: Tools, block: ast.Block) -> Binding | Unusable | None:
    """What a webhook is judged by; None where nothing is meant to judge it."""
    if action_kind(block) is not WEBHOOK:
        return None
    entries = {entry.key.text: entry for entry in block.entries}
    if "contract" in entries:
        return _own(tools, entries["contract"])
    endpoint = entries.get("endpoint")
    if endpoint is None or not isinstance(endpoint.value, ast.NameUse) or not block.sound:
        return None
    return _of_endpoint(tools, block, entries)


def answer_of(tools: Tools, observer: str, action: str, binding: Binding) -> Type | None:
    """The type of what an action is answered; None where the contract tells of no JSON."""
    shape = answered(binding.operation)
    if shape is None:
        return None
    answers = Answers(tools.project.answers, binding.owner or action)
    return answers.type_of(shape, f"{observer}.{action}", pascal(action))


def _own(tools: Tools, entry: ast.Entry) -> Binding | Unusable | None:
    """`contract: { body, response }`; None for `null`."""
    key, value = WEBHOOK.key("contract"), entry.value
    if key is None or (isinstance(value, ast.WordLiteral) and value.value is None):
        return None
    if not isinstance(value, ast.ObjectLiteral):
        if not isinstance(value, ast.ErrorExpression):
            tools.values().wrong(key, value, "an OpenAPI document is given to the `endpoint`")
        return Unusable.REPORTED
    pairs = [(e.key, e.value) for e in value.entries if e.key is not None]
    found = known_entries(pairs, key.keys, "`contract`", tools.sink)
    advice = "save the schema as a file of the project, and write the name of that file"
    files = {name: _file(tools, one.key, one.value, advice) for name, one in found.items()}
    if not files or None in files.values():
        return Unusable.REPORTED if pairs else None
    body, response = files.get("body"), files.get("response")
    made = _attempt(tools, value.span, lambda contracts: contracts.schemas(body, response))
    return Unusable.REPORTED if made is None else Binding(made, entry.key.span)


def _of_endpoint(
    tools: Tools, block: ast.Block, entries: Mapping[str, ast.Entry]
) -> Binding | Unusable | None:
    use = entries["endpoint"].value
    endpoint = tools.endpoints.get(use.text) if isinstance(use, ast.NameUse) else None
    contract = None if endpoint is None else endpoint.contract
    if isinstance(contract, Unusable):
        return contract
    if endpoint is None or contract is None or endpoint.url is None:
        return None
    path = entries.get("path")
    segments = _segments(endpoint.url.literal, path)
    if segments is None:
        return None
    file, at = contract
    where = path.value.span if path is not None else block.header
    method = _method(entries.get("method"))
    lookup = _Lookup(
        tools=tools, file=file, method=method, segments=segments, query=_query(path), at=where,
        contract=at,
    )  # fmt: skip
    made = _attempt(tools, at, lookup.operation, endpoint.name)
    return Unusable.REPORTED if made is None else Binding(made, at, endpoint.name)


def _method(entry: ast.Entry | None) -> str:
    """The method as it is written; a wrong one was reported, or is where it is read."""
    if entry is not None and isinstance(entry.value, ast.NameUse):
        return entry.value.text
    if entry is not None and isinstance(entry.value, ast.StringLiteral):
        return entry.value.value
    return "POST"


def _attempt(
    tools: Tools, at: Span, make: Callable[[Contracts], Made | None], endpoint: str = ""
) -> Made | None:
    """What is made of the contracts; FQL402 where they cannot be used."""
    try:
        return make(tools.contracts.opened())
    except FaultyContract as fault:
        known = fault.place.file and (fault.place.pointer or fault.place.end)
        tools.sink.error(
            "FQL402", f"the contract cannot be used: {fault.said}", at, label="this contract",
            labels=(fault.place.label("here"),) if known else (),
            help=tuple(filter(None, (fault.hint, _advice(endpoint) if fault.fetch else ""))),
        )  # fmt: skip
        return None


def _advice(endpoint: str) -> str:
    if not endpoint:
        return ""
    return f"`fqlc contract update {endpoint}` fetches it from where [contracts.{endpoint}] says"


# Paths -----------------------------------------------------------------------


def _segments(url: ast.StringLiteral, path: ast.Entry | None) -> Segments | None:
    """The path of a webhook with that of its endpoint's url, as far as that is known; None where
    it cannot be told."""
    base, own = _with_marks(url), ""
    if path is not None:
        written = _with_marks(path.value) if isinstance(path.value, ast.StringLiteral) else None
        if written is None or not written.startswith("/"):
            return None
        own = written.partition("?")[0]
    if base is None:
        return None
    base = path_of(base).lstrip(_MARK).rstrip("/")
    parts = (base + own or "/").split("/")[1:]
    return tuple(None if _MARK in part else unquote(part) for part in parts)


def _query(path: ast.Entry | None) -> frozenset[str]:
    """The pairs in the query of a path that are written out."""
    written = path.value if path is not None else None
    marked = _with_marks(written) if isinstance(written, ast.StringLiteral) else None
    return frozenset(pair for pair in query_pairs(marked or "") if _MARK not in pair)


def _with_marks(text: ast.StringLiteral) -> str | None:
    """The text with a mark for each hole; None where it has branches."""
    holes = [(start, end) for start, end, _ in text.environment]
    holes += [m.span() for m in _HOLE.finditer(text.value) if m.start() not in text.escaped]
    found = text.value
    for start, end in sorted(holes, reverse=True):
        found = found[:start] + _MARK + found[end:]
    return None if "{%" in found or "{#" in found else found


@dataclass(frozen=True, slots=True)
class _Lookup:
    """A search for one operation. `at` is what a report is about, `contract` where it is named."""

    tools: Tools
    file: str
    method: str
    segments: Segments
    query: frozenset[str]
    at: Span
    contract: Span

    def operation(self, contracts: Contracts) -> Operation | None:
        """The operation; reports FQL401 where there is none."""
        paths = contracts.paths(self.file)
        fitting = contracts.routes(self.file).matching(self.method, self.segments, self.query)
        for path in fitting:
            if self.method in paths[path]:
                return contracts.operation(self.file, self.method, path)
        if fitting:
            self._no_method(paths, fitting)
        else:
            self._no_path(paths)
        return None

    def _no_method(self, paths: Paths, fitting: Sequence[str]) -> None:
        methods = sorted({method for path in fitting for method in paths[path]})
        self.tools.sink.error(
            "FQL401", f"the contract has no {self.method} of `{fitting[0]}`", self.at,
            label=f"no {self.method} there",
            labels=(Label(self.contract, "this contract"),),
            help=(f"the methods there are {quoted(methods, 'and')}",) if methods else (),
        )  # fmt: skip

    def _no_path(self, paths: Paths) -> None:
        close = nearest_path(paths, self.segments)
        help_ = (question(close),) if close else ()
        if not close and paths:
            help_ = (f"its paths are {quoted(sorted(paths)[:10], 'and')}",)
        self.tools.sink.error(
            "FQL401", f"the contract has no path for `{shown(self.segments)}`", self.at,
            label="no such path",
            labels=(Label(self.contract, "this contract"),), help=help_,
        )  # fmt: skip
