"""Reading a whole project: retry policies, defaults and endpoints first, then the observers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fql.near import nearest, question
from fql.plan.origin import DEFAULTS_BLOCK, Origin
from fqlc.checks.late_contracts import LateContracts
from fqlc.checks.levels import Given, Settings
from fqlc.checks.model import EndpointModel, Program, Surroundings, Unusable
from fqlc.checks.reading.entries import Found, block_entries
from fqlc.checks.reading.observers import read_observer
from fqlc.checks.reading.settings import SettingsReader
from fqlc.checks.reading.tools import Tools
from fqlc.checks.table.blocks import BLOCKS, DEFAULTS, ENDPOINT, RETRY, TEST, TOP_LEVEL
from fqlc.checks.table.keys import BlockKind
from fqlc.diagnostics.model import Label
from fqlc.diagnostics.similar import similar_fix
from fqlc.diagnostics.sink import Sink
from fqlc.names.project import Project
from fqlc.source.text import Span
from fqlc.syntax.tree import ast


@dataclass(slots=True)
class _Reader:
    """What has been read so far."""

    project: Project
    surroundings: Surroundings
    sink: Sink
    contracts: LateContracts
    retries: dict[str, Settings] = field(default_factory=dict)
    endpoints: dict[str, EndpointModel] = field(default_factory=dict)

    def tools(self, path: str) -> Tools:
        return Tools(
            project=self.project,
            path=path,
            sink=self.sink,
            surroundings=self.surroundings,
            retries=self.retries,
            contracts=self.contracts,
            endpoints=self.endpoints,
        )


def read_program(
    project: Project,
    sink: Sink,
    surroundings: Surroundings,
    contracts: LateContracts,
    roots: Iterable[str] = (),
) -> Program:
    """Turn the blocks of a project into a model. Reports what is wrong with each block itself."""
    reader = _Reader(project, surroundings, sink, contracts)
    _unknown_blocks(project, sink)
    for name, symbol in project.retries.items():
        if isinstance(symbol.declaration, ast.Block):
            reader.retries[name] = _retry(reader, name, symbol.declaration, symbol.path)
    defaults = _defaults(reader)
    for name, symbol in project.endpoints.items():
        if isinstance(symbol.declaration, ast.Block):
            block = symbol.declaration
            reader.endpoints[name] = _endpoint(reader, name, block, symbol.path)
    observers = tuple(
        read_observer(reader.tools(s.path), s.declaration)
        for s in project.observers.values()
        if isinstance(s.declaration, ast.Block)
    )
    return Program(
        project=project,
        observers=observers,
        endpoints=reader.endpoints,
        retries=reader.retries,
        defaults=defaults,
        surroundings=surroundings,
        roots=frozenset(roots),
    )


def _unknown_blocks(project: Project, sink: Sink) -> None:
    for file in project.files:
        for block in file.declarations:
            if isinstance(block, ast.Block):
                if block.kind.text not in TOP_LEVEL:
                    _unknown_block(block, sink)
                elif block.sound and block.name is None and _needs_name(block):
                    _without_name(block, sink)


def _needs_name(block: ast.Block) -> bool:
    """True for a kind that is distinguished by its name; a `test` has a title."""
    kind = BLOCKS[block.kind.text]
    return kind.named and (kind is not TEST or block.title is None)


def _without_name(block: ast.Block, sink: Sink) -> None:
    kind = block.kind.text
    text = block.title is not None
    name = '"title"' if kind == TEST.name else "NAME"
    sink.error(
        "FQL205",
        f"the name of {'an' if kind[0] in 'aeiou' else 'a'} `{kind}` is a word, not a text"
        if text else f"{'an' if kind[0] in 'aeiou' else 'a'} `{kind}` needs a name",
        block.title.span if block.title is not None else block.kind.span,
        label="not a name" if text else "the name is missing",
        help=(f"write `{kind} {name} {{`",
              *(('describe it by `\"\"\"text\"\"\"` before it',) if text else ())),
    )  # fmt: skip


def _unknown_block(block: ast.Block, sink: Sink) -> None:
    name = block.kind.text
    close = nearest(name, TOP_LEVEL)
    inside = BLOCKS.get(name) is not None
    kinds = ", ".join(f"`{kind}`" for kind in TOP_LEVEL)
    help_ = (f"`{name}` belongs inside an `observer`" if inside else f"blocks here are {kinds}",)
    if close:
        help_ = (question(close),)
    sink.error(
        "FQL204",
        f"`{name}` cannot be at the top level" if inside else f"unknown kind of block `{name}`",
        block.kind.span,
        label="not here" if inside else "unknown kind of block",
        help=help_,
        fix=similar_fix(name, close, block.kind.span),
        covers=block.span,
    )


def _read_block(
    reader: _Reader, block: ast.Block, kind: BlockKind, path: str
) -> tuple[Mapping[str, Found], SettingsReader, Tools]:
    tools = reader.tools(path)
    found = block_entries(block, kind, reader.sink)
    return found, tools.settings(tools.scope()), tools


def _retry(reader: _Reader, name: str, block: ast.Block, path: str) -> Settings:
    found, settings, _ = _read_block(reader, block, RETRY, path)
    return settings.keys(found, "retry", Origin("retry", name))


def _defaults(reader: _Reader) -> Settings:
    """All `defaults` blocks together; a second one that sets the same key is FQL203."""
    settings: dict[str, Given] = {}
    for block in reader.project.defaults:
        found, policies, _ = _read_block(reader, block, DEFAULTS, block.span.path)
        for key, given in policies.policies(found, DEFAULTS_BLOCK).items():
            if key in settings:
                _given_twice(key, settings[key], given, reader.sink)
            settings.setdefault(key, given)
    return settings


def _given_twice(key: str, first: Given, again: Given, sink: Sink) -> None:
    if again.span is not None and first.span is not None and again.span != first.span:
        sink.error(
            "FQL203",
            f"`{key}` has two defaults",
            again.span,
            label="given again here",
            labels=(Label(first.span, "first given here"),),
            help=("`defaults` apply to the whole project; keep one",),
        )


def _endpoint(reader: _Reader, name: str, block: ast.Block, path: str) -> EndpointModel:
    found, settings, tools = _read_block(reader, block, ENDPOINT, path)
    url = found.get("url")
    return EndpointModel(
        name,
        block,
        tools.text(url, tools.scope(), "url") if url else None,
        tools.accepts(found.get("accepts")),
        settings.policies(found, Origin("endpoint", name)),
        _contract(tools, name, found.get("contract")),
    )


def _contract(tools: Tools, name: str, found: Found | None) -> tuple[str, Span] | Unusable | None:
    if found is None:
        return None
    from fqlc.checks.reading.contract.operation import contract_of_endpoint

    return contract_of_endpoint(tools, name, found)
