"""The edits that bring entities of a file in step with tables. Pure: nothing else is touched."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from fqlc.importing.declarations import Choice, Field, Group, Known, Maker, Row
from fqlc.importing.merging.holding import Held
from fqlc.importing.merging.places import Place, after_field, before_first, taken_out
from fqlc.importing.model import Catalog, Column, Table
from fqlc.importing.writing import choice_text, documentation, field_lines, group_texts, row_text
from fqlc.names.project import Project
from fqlc.names.symbols import EntityInfo, FieldInfo
from fqlc.source.text import SourceText
from fqlc.syntax.tree import ast

Edit = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Merging:
    """What is asked for: names of entities by table, whether fields without a column go, and the
    tables that are added though the file has entities already."""

    renamed: Mapping[str, str] = field(default_factory=dict)
    prune: bool = False
    add: Collection[str] = ()
    mark: bool = False


@dataclass(frozen=True, slots=True)
class Merged:
    """Edits of a file, and what they leave to its owner, one sentence each. `added` are the new
    entities."""

    edits: tuple[Edit, ...]
    reports: tuple[str, ...]
    added: tuple[Group, ...]


def merged(source: SourceText, project: Project, catalog: Catalog, merging: Merging) -> Merged:
    """The edits for one file of a project."""
    return _Merger(source, project, catalog, merging).merged()


def table_of(written: str) -> str:
    """The table of `from`, in the form that a catalog has."""
    return written.removeprefix("public.")


def folding(catalog: Catalog) -> Callable[[str], str]:
    """The form in which names of tables and columns are compared: SQLite ignores their case."""
    fits = (table.fits for table in catalog.tables)
    return str.lower if any(one is not None and one.folded for one in fits) else str


class _Merger:
    def __init__(
        self, source: SourceText, project: Project, catalog: Catalog, merging: Merging
    ) -> None:
        self._text = source.text
        self._project = project
        self._merging = merging
        self._fold = folding(catalog)
        self._tables = {self._fold(table.name): table for table in catalog.tables}
        self._catalog = catalog
        self._held = Held(frozenset(project.enums), frozenset(project.types))
        known = Known({*project.rows, *project.enums, *project.broken})
        self._maker = Maker(catalog, merging.renamed, known)
        self._known = known
        self._edits: list[Edit] = []
        self._reports: list[str] = []
        self._needs: list[Choice | Row] = []
        self._entities = [
            (node, info, self._tables.get(self._fold(table_of(info.table))))
            for file in project.files
            if file.path == source.path
            for node in file.declarations
            if isinstance(node, ast.EntityDeclaration)
            and (info := project.rows.get(node.name.text)) is not None
            and info.table
        ]

    def merged(self) -> Merged:
        for _, info, table in self._entities:
            if table is not None and not info.broken:
                self._learn(info, table)
        for node, info, table in self._entities:
            if table is None:
                self._reports.append(f"{info.name}: there is no table `{table_of(info.table)}`")
            elif not info.broken:
                self._entity(node, info, table)
        added = self._added()
        self._append(added)
        return Merged(tuple(self._edits), tuple(self._reports), tuple(added))

    # What the file has already ------------------------------------------------------------

    def _learn(self, info: EntityInfo, table: Table) -> None:
        """The enums and types of the file that stand for those of the catalog."""
        columns = {self._fold(column.name): column for column in table.columns}
        for one in info.fields.values():
            column = columns.get(self._fold(one.column or one.name))
            kind, type_ = (column.kind if column else None), one.type
            while kind is not None and kind.item is not None and type_.item is not None:
                kind, type_ = kind.item, type_.item
            if kind is not None and kind.key and self._held.kind(type_) in ("Enum", "Object"):
                self._known.keys.setdefault(kind.key, type_.name)

    # Entities -----------------------------------------------------------------------------

    def _entity(self, node: ast.EntityDeclaration, info: EntityInfo, table: Table) -> None:
        columns = {self._fold(column.name): column for column in table.columns}
        fields = {self._fold(one.column or one.name): one for one in info.fields.values()}
        nodes = {one.name.text: one for one in node.fields}
        for name, one in fields.items():
            column = columns.get(name)
            if column is None:
                self._gone(info, one, nodes[one.name], table)
            elif not column.left_out:
                self._changed(one, nodes[one.name], column, table)
        if table.doc and node.doc is None:
            self._edits.append((node.span.start, node.span.start, documentation(table.doc) + "\n"))
        self._new_columns(node, table, {name: nodes[one.name] for name, one in fields.items()})

    def _gone(
        self, info: EntityInfo, one: FieldInfo, node: ast.FieldDeclaration, table: Table
    ) -> None:
        column = one.column or one.name
        if self._merging.prune:
            self._edits.append(taken_out(self._text, node))
        said = "taken out" if self._merging.prune else "--prune takes the field out"
        self._reports.append(
            f"{info.name}.{one.name}: `{table.name}` has no column `{column}`; {said}"
        )

    def _changed(
        self, one: FieldInfo, node: ast.FieldDeclaration, column: Column, table: Table
    ) -> None:
        nullable = column.nullable and (column.name,) != table.key
        fits = table.fits.column(column.name) if table.fits is not None else None
        stays = self._held.stays(one.type, column.kind, fits)
        span = node.type.span
        if not stays:
            written = self._written(column)
            self._edits.append((span.start, span.end, written + ("?" if nullable else "")))
        elif one.type.nullable != nullable:
            bare = self._text[span.start : span.end].rstrip().removesuffix("?").rstrip()
            self._edits.append((span.start, span.end, bare + ("?" if nullable else "")))
        place = Place(self._text, node)
        if column.doc and node.doc is None and place.own_line:
            said = documentation(column.doc) + "\n" + place.indent
            self._edits.append((place.start, place.start, said))

    def _written(self, column: Column) -> str:
        written, _ = self._maker.written(column.kind)
        self._needs += self._maker.taken_needs()
        return written

    def _new_columns(
        self, node: ast.EntityDeclaration, table: Table, known: Mapping[str, ast.FieldDeclaration]
    ) -> None:
        key = table.key[0] if len(table.key) == 1 else ""
        new = [c for c in table.columns if self._fold(c.name) not in known and not c.left_out]
        taken = {one.name.text for one in node.fields}
        fields = {f.column: f for f in self._maker.fields(new, key, taken)}
        self._needs += self._maker.taken_needs()
        before: ast.FieldDeclaration | None = None
        waiting: list[Field] = []
        for column in table.columns:
            if column.name in fields:
                waiting.append(fields[column.name])
            elif self._fold(column.name) in known:
                self._put(node, before, waiting)
                before, waiting = known[self._fold(column.name)], []
        self._put(node, before, waiting)

    def _put(
        self, node: ast.EntityDeclaration, before: ast.FieldDeclaration | None,
        fields: Sequence[Field],
    ) -> None:  # fmt: skip
        if not fields:
            return
        lines = [field_lines(one, mark=self._merging.mark) for one in fields]
        if before is not None:
            self._edits.append(after_field(self._text, before, lines))
        else:
            self._edits.append(before_first(self._text, node, lines))

    # New entities -------------------------------------------------------------------------

    def _added(self) -> list[Group]:
        rows = self._project.rows.values()
        known = {self._fold(table_of(info.table)) for info in rows if info.table}
        absent = [table for name, table in self._tables.items() if name not in known]
        if not known:
            return self._maker.groups(absent)
        wanted = [table for table in absent if table.name in self._merging.add]
        absent = [table for table in absent if table not in wanted]
        if absent:
            names = ", ".join(f"`{table.name}`" for table in absent[:5])
            more = f" and {len(absent) - 5} more" if len(absent) > 5 else ""
            self._reports.append(f"no entity here: {names}{more}; --table NAME adds one")
        return self._maker.groups(wanted)

    def _append(self, added: Sequence[Group]) -> None:
        texts = [choice_text(n) if isinstance(n, Choice) else row_text(n) for n in self._needs]
        texts += [t for group in added for t in group_texts(group, mark=self._merging.mark)]
        if texts:
            end = len(self._text)
            body = self._text.rstrip("\n")
            gap = "\n\n" if body else ""
            self._edits.append((len(body), end, gap + "\n\n".join(texts) + "\n"))
