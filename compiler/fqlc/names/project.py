"""All declarations of a project in one scope: order does not matter, duplicates are reported.

Kinds are distinguished where a name is used (`endpoint:` looks at endpoints only), so an endpoint
and a retry policy may share a name; entities, types and enums share one set of names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from fql.near import nearest
from fql.plan.language.types import BUILT_IN, UNWRITTEN
from fqlc.diagnostics.model import Label
from fqlc.diagnostics.sink import MAX_COMPARED, Budget, Sink
from fqlc.names.fields import build_row
from fqlc.names.imports import has_missing_imports
from fqlc.names.symbols import EntityInfo, EnumInfo, Listener, Symbol, Unread, Uses
from fqlc.source.text import Span
from fqlc.syntax.tree import ast

MOST_EXPANDED = 100_000
"""Parts that all uses of `let`s stand for together: a plan has no `let`s."""

TYPE_KINDS = ("entity", "type", "enum")
NAMED_BLOCKS = ("endpoint", "retry", "observer")
_GROUPS = dict.fromkeys(TYPE_KINDS, "type")


@dataclass(frozen=True)
class Project:
    """The resolved project. `rows` are entities and types with their fields, `enum_infos` the
    enums; `broken` holds names of declarations whose kind could not be read either;
    the project is `incomplete` when an import was not found."""

    files: tuple[ast.File, ...]
    entities: Mapping[str, Symbol]
    types: Mapping[str, Symbol]
    enums: Mapping[str, Symbol]
    endpoints: Mapping[str, Symbol]
    retries: Mapping[str, Symbol]
    observers: Mapping[str, Symbol]
    lets: Mapping[str, Symbol]
    defaults: tuple[ast.Block, ...]
    tests: tuple[ast.Block, ...]
    rows: Mapping[str, EntityInfo]
    enum_infos: Mapping[str, EnumInfo]
    broken: frozenset[str] = frozenset()
    uses: Uses = field(default_factory=Uses, compare=False)
    incomplete: bool = False
    comparisons: Budget = field(
        default_factory=lambda: Budget(MAX_COMPARED), compare=False, repr=False
    )
    """How many names may still be compared; see `Sink.comparable`."""
    expansions: Budget = field(
        default_factory=lambda: Budget(MOST_EXPANDED), compare=False, repr=False
    )
    """How many parts uses of `let`s may still stand for."""
    answers: dict[str, EntityInfo] = field(default_factory=dict, compare=False, repr=False)
    """Objects that receivers answer, by the name of their type; contracts give them."""
    constants: dict[str, object] = field(default_factory=dict, compare=False, repr=False)
    """Values of `let`s once computed; kept by `fqlc.types.constants.lets`."""
    listener: Listener | None = field(default=None, compare=False, repr=False)

    def entity(self, name: str) -> EntityInfo | None:
        """The entity of a name."""
        return self.rows.get(name) if name in self.entities else None

    def row(self, name: str) -> EntityInfo | None:
        """The entity, declared type or answer of a name."""
        return self.rows.get(name) or self.answers.get(name)

    def unreadable(self, name: str, others: Iterable[str] = ()) -> bool:
        """True when a declaration of this name exists but its kind could not be read, or may
        be in a file that was not found: the name is like none of the project or of `others`."""
        if name in self.broken or not self.incomplete:
            return name in self.broken
        names = (*self._declared(), *others)
        return not self.comparisons.take(len(names)) or nearest(name, names) is None

    def _declared(self) -> Iterator[str]:
        yield from self.rows
        for group in (self.enums, self.endpoints, self.retries, self.observers, self.lets):
            yield from group


def resolve_project(
    files: Sequence[ast.File],
    sink: Sink,
    uses: Uses | None = None,
    listener: Listener | None = None,
) -> Project:
    """Bind all declarations of the files. Reports FQL202, 203, 204 and 206 of declarations."""
    used = uses if uses is not None else Uses()
    declared = list(_symbols(files))
    by_kind, names = _collect(declared, sink)
    incomplete = has_missing_imports(files) or _lacks_names(files)
    enums = {s.name: _enum(s, sink) for s in by_kind.get("enum", {}).values()}
    return Project(
        files=tuple(files),
        entities=_frozen(by_kind, "entity"),
        types=_frozen(by_kind, "type"),
        enums=_frozen(by_kind, "enum"),
        endpoints=_frozen(by_kind, "endpoint"),
        retries=_frozen(by_kind, "retry"),
        observers=_frozen(by_kind, "observer"),
        lets=_frozen(by_kind, "let"),
        defaults=tuple(_blocks(files, "defaults")),
        tests=tuple(_blocks(files, "test")),
        rows=MappingProxyType(_rows(by_kind, names, incomplete, sink, used)),
        enum_infos=MappingProxyType(enums),
        broken=frozenset(names),
        incomplete=incomplete,
        uses=used,
        comparisons=sink.comparisons,
        listener=listener,
    )


def _lacks_names(files: Iterable[ast.File]) -> bool:
    """True where it cannot be told which name a declaration has: it is missing, or the kind is
    unknown, as where somebody forgot the word `entity`. Any name may be meant then."""
    for file in files:
        for declaration in file.declarations:
            name, kind, _ = _name_and_kind(declaration)
            if isinstance(declaration, ast.ImportDeclaration) or kind in ("defaults", "test"):
                continue
            if name is None or kind not in (*TYPE_KINDS, *NAMED_BLOCKS, "let"):
                return True
    return False


def _frozen(by_kind: Mapping[str, dict[str, Symbol]], kind: str) -> Mapping[str, Symbol]:
    return MappingProxyType(by_kind.get(kind, {}))


def _blocks(files: Iterable[ast.File], kind: str) -> Iterable[ast.Block]:
    for file in files:
        for declaration in file.declarations:
            if isinstance(declaration, ast.Block) and declaration.kind.text == kind:
                yield declaration


def _symbols(files: Iterable[ast.File]) -> Iterable[Symbol]:
    for file in files:
        for declaration in file.declarations:
            symbol = _symbol(declaration, file.path)
            if symbol is not None:
                yield symbol


def _symbol(declaration: ast.Declaration, path: str) -> Symbol | None:
    """What a declaration declares; None for imports and blocks without a name."""
    name, kind, broken = _name_and_kind(declaration)
    if name is None:
        return None
    return Symbol(name.text, kind, declaration, path, name.span, broken)


def declared_name(declaration: ast.Declaration) -> tuple[str, str]:
    """Kind and name of a declaration; an empty name where it has none."""
    name, kind, _ = _name_and_kind(declaration)
    return kind or "import", name.text if name else ""


def _name_and_kind(  # noqa: PLR0911 - one line a kind
    declaration: ast.Declaration,
) -> tuple[ast.Name | None, str, bool]:
    match declaration:
        case ast.EnumDeclaration():
            return declaration.name, "enum", False
        case ast.TypeDeclaration():
            return declaration.name, "type", not declaration.sound
        case ast.EntityDeclaration():
            return declaration.name, "entity", not declaration.sound
        case ast.LetDeclaration():
            return declaration.name, "let", False
        case ast.Block():
            return declaration.name, declaration.kind.text, not declaration.sound
        case ast.BrokenDeclaration():
            return declaration.name, declaration.kind, True
    return None, "", False


def _collect(
    declared: Iterable[Symbol], sink: Sink
) -> tuple[dict[str, dict[str, Symbol]], set[str]]:
    """Symbols by kind, and names whose kind is not known. The first of duplicates counts."""
    by_kind: dict[str, dict[str, Symbol]] = {}
    first: dict[tuple[str, str], Symbol] = {}
    loose: set[str] = set()
    for symbol in declared:
        if symbol.kind not in (*TYPE_KINDS, *NAMED_BLOCKS, "let"):
            loose.add(symbol.name)
            continue
        earlier = first.setdefault((_GROUPS.get(symbol.kind, symbol.kind), symbol.name), symbol)
        if earlier is symbol:
            _refuse_built_in(symbol, sink)
            by_kind.setdefault(symbol.kind, {})[symbol.name] = symbol
        else:
            report_duplicate(symbol.kind, symbol.name, symbol.span, earlier.span, sink)
    return by_kind, loose


def _refuse_built_in(symbol: Symbol, sink: Sink) -> None:
    if symbol.kind in TYPE_KINDS and symbol.name in BUILT_IN | UNWRITTEN:
        sink.error(
            "FQL203", f"`{symbol.name}` is a built-in type", symbol.span,
            label="declared again here", help=(f"choose another name for this {symbol.kind}",),
        )  # fmt: skip


def report_duplicate(what: str, name: str, again: Span, first: Span, sink: Sink) -> None:
    """FQL203 with both places."""
    sink.error(
        "FQL203", f"{what} `{name}` is declared twice", again, label="declared again here",
        labels=(Label(first, "first declared here"),),
        help=("remove one of them, or give it another name",),
    )  # fmt: skip


def _enum(symbol: Symbol, sink: Sink) -> EnumInfo:
    declaration = symbol.declaration
    members: dict[str, Span] = {}
    if not isinstance(declaration, ast.EnumDeclaration):
        return EnumInfo(symbol.name, members, symbol.span, broken=True)
    for member in declaration.members:
        first = members.setdefault(member.name.text, member.name.span)
        if first is not member.name.span:
            report_duplicate("member", member.name.text, member.name.span, first, sink)
    doc = declaration.doc.text if declaration.doc else ""
    return EnumInfo(symbol.name, MappingProxyType(members), symbol.span, doc)


def _rows(
    by_kind: Mapping[str, Mapping[str, Symbol]],
    loose: set[str],
    incomplete: bool,
    sink: Sink,
    uses: Uses,
) -> dict[str, EntityInfo]:
    """Entities and types with resolved fields."""
    kinds = {name: kind for kind in TYPE_KINDS for name in by_kind.get(kind, {})}
    rows: dict[str, EntityInfo] = {}
    unread = Unread(frozenset(loose), incomplete=incomplete)
    for kind in ("entity", "type"):
        for symbol in by_kind.get(kind, {}).values():
            rows[symbol.name] = build_row(symbol, kinds, unread, sink, uses)
    return rows
