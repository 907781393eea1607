"""DDL of PostgreSQL, read by its own parser. This file alone knows postgast; importing it without
that package raises SettingsError."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fql.errors import not_installed
from fqlc.importing.ddl import Statement, statements
from fqlc.importing.model import Catalog
from fqlc.importing.postgresql.state import Made, Name, Relation, State, TypeUse
from fqlc.importing.postgresql.tables import catalog_of

try:
    from postgast import PgQueryError, parse
    from postgast import pg_query_pb2 as pb
except ImportError as missing:
    raise not_installed("DDL of PostgreSQL", "postgast", "import") from missing

_COPY = re.compile(r"^COPY [^\n]* FROM stdin[^\n]*;\n.*?^\\\.$", re.MULTILINE | re.DOTALL)
_META = re.compile(r"^\\[^\n]*$", re.MULTILINE)

Node = Any
"""A message of the parser: its classes are made at run time."""

_CONSTRAINTS: Mapping[int, str] = {
    pb.CONSTR_PRIMARY: "primary", pb.CONSTR_UNIQUE: "unique", pb.CONSTR_NOTNULL: "not null",
    pb.CONSTR_GENERATED: "generated", pb.CONSTR_IDENTITY: "identity",
}  # fmt: skip
_ALTERATIONS: Mapping[int, str] = {
    pb.AT_AddColumn: "add column", pb.AT_AddConstraint: "constrain",
    pb.AT_AttachPartition: "attach", pb.AT_DropColumn: "drop column",
    pb.AT_SetNotNull: "set not null", pb.AT_DropNotNull: "drop not null",
    pb.AT_AlterColumnType: "type", pb.AT_AddIdentity: "set not null",
}  # fmt: skip


def read_dump(text: str, source: str) -> Catalog:
    """What the tables are that the statements make."""
    bare = _META.sub("", _COPY.sub(_blank, text))
    reader = _Reader(source)
    try:
        for one in parse(bare).stmts:
            reader.run(one.stmt)
    except PgQueryError:
        reader = _Reader(source)
        for statement in statements(bare):
            try:
                for one in parse(statement.text).stmts:
                    reader.run(one.stmt)
            except PgQueryError as error:
                reader.unread(statement, str(error))
    found = list(reader.state.described())
    return catalog_of(found, views=False, problems=reader.problems, remarks=reader.remarks)


def _blank(found: re.Match[str]) -> str:
    """As many lines, so that those of statements stay right."""
    return "\n" * found[0].count("\n")


class _Reader:
    """Runs statements one after the other on a state."""

    def __init__(self, source: str) -> None:
        self.state = State()
        self.problems: list[str] = []
        self.remarks: list[str] = []
        self._source = source
        self._ways: Mapping[str, Callable[[Node], None]] = {
            "create_stmt": self._table,
            "create_enum_stmt": self._enum,
            "alter_enum_stmt": self._more_members,
            "composite_type_stmt": self._composite,
            "create_domain_stmt": self._domain,
            "alter_table_stmt": self._altered,
            "comment_stmt": self._comment,
            "index_stmt": self._index,
            "drop_stmt": self._drop,
            "rename_stmt": self._rename,
            "variable_set_stmt": self._set,
            "create_table_as_stmt": self._table_as,
        }

    def unread(self, statement: Statement, reason: str) -> None:
        """Name a statement that cannot be read."""
        where = self.problems if statement.makes_table else self.remarks
        where.append(statement.unread(self._source, reason))

    def run(self, node: Node) -> None:
        """One statement; others than those about tables and types mean nothing here."""
        kind = node.WhichOneof("node")
        if way := self._ways.get(kind):
            way(getattr(node, kind))

    # Tables -------------------------------------------------------------------------------

    def _name(self, relation: Node) -> Name:
        return relation.schemaname or self.state.schema, relation.relname

    def _table(self, node: Node) -> None:
        name = self._name(node.relation)
        if node.relation.relpersistence == "t" or (
            node.if_not_exists and name in self.state.relations
        ):
            return
        made = Relation(kind="p" if node.HasField("partspec") else "r")
        made.partition = node.HasField("partbound")
        for parent in node.inh_relations:
            self.state.copy_columns(made, self._name(parent.range_var))
        for element in node.table_elts:
            kind = element.WhichOneof("node")
            if kind == "column_def":
                self._column(made, element.column_def)
            elif kind == "table_like_clause":
                self.state.copy_columns(made, self._name(element.table_like_clause.relation))
            elif kind == "constraint":
                _constrain(made, element.constraint)
        for element in node.constraints:
            _constrain(made, element.constraint)
        self.state.relations[name] = made

    def _table_as(self, node: Node) -> None:
        if node.objtype == pb.OBJECT_TABLE and node.into.rel.relpersistence != "t":
            name = ".".join(filter(None, self._name(node.into.rel)))
            self.problems.append(
                f"{self._source}: CREATE TABLE {name} AS cannot be read: its columns are not named"
            )

    def _column(self, made: Relation, node: Node) -> None:
        column = Made(_type(node.type_name))
        made.columns[node.colname] = column
        for one in node.constraints:
            kind = _CONSTRAINTS.get(one.constraint.contype, "")
            if kind == "primary":
                made.key = (node.colname,)
            elif kind == "unique":
                made.unique.append((node.colname,))
            elif kind == "generated":
                virtual = one.constraint.generated_kind == "v"
                column.generated = "virtual" if virtual else "stored"
            if kind in ("primary", "not null", "identity"):
                column.not_null = True

    def _altered(self, node: Node) -> None:
        made = self.state.relations.get(self._name(node.relation))
        if made is None:
            return
        for cmd in (one.alter_table_cmd for one in node.cmds):
            kind = _ALTERATIONS.get(cmd.subtype, "")
            column = made.columns.get(cmd.name)
            if kind == "add column":
                self._column(made, getattr(cmd, "def").column_def)
            elif kind == "constrain":
                _constrain(made, getattr(cmd, "def").constraint)
            elif kind == "attach":
                child = self.state.relations.get(self._name(getattr(cmd, "def").partition_cmd.name))
                if child is not None:
                    child.partition = True
            elif column is not None:
                _alter_column(made, column, kind, cmd)

    def _index(self, node: Node) -> None:
        made = self.state.relations.get(self._name(node.relation))
        names = tuple(one.index_elem.name for one in node.index_params)
        if made and node.unique and all(names) and not node.HasField("where_clause"):
            made.unique.append(names)

    def _drop(self, node: Node) -> None:
        for one in node.objects:
            parts = _texts(one.list.items)
            if parts and node.remove_type == pb.OBJECT_TABLE:
                self.state.relations.pop(self._split(parts), None)

    def _rename(self, node: Node) -> None:
        name = self._name(node.relation)
        made = self.state.relations.get(name)
        if made is None:
            return
        if node.rename_type == pb.OBJECT_TABLE:
            self.state.relations[name[0], node.newname] = self.state.relations.pop(name)
        elif node.subname in made.columns:
            renamed = {node.subname: node.newname}
            made.columns = {renamed.get(n, n): column for n, column in made.columns.items()}
            made.key = tuple(renamed.get(n, n) for n in made.key)

    # Types, comments, settings ------------------------------------------------------------

    def _enum(self, node: Node) -> None:
        self.state.enums[self._split(_texts(node.type_name))] = tuple(_texts(node.vals))

    def _more_members(self, node: Node) -> None:
        name = self._split(_texts(node.type_name))
        members = list(self.state.enums.get(name, ()))
        if node.old_val in members:
            members[members.index(node.old_val)] = node.new_val
        elif node.new_val_neighbor in members:
            place = members.index(node.new_val_neighbor)
            members.insert(place + (1 if node.new_val_is_after else 0), node.new_val)
        elif node.new_val not in members:
            members.append(node.new_val)
        self.state.enums[name] = tuple(members)

    def _composite(self, node: Node) -> None:
        made = Relation(kind="c")
        for one in node.coldeflist:
            self._column(made, one.column_def)
        self.state.relations[self._name(node.typevar)] = made

    def _domain(self, node: Node) -> None:
        made = Made(_type(node.type_name))
        kinds = (_CONSTRAINTS.get(one.constraint.contype, "") for one in node.constraints)
        made.not_null = "not null" in kinds
        self.state.domains[self._split(_texts(node.domainname))] = made

    def _comment(self, node: Node) -> None:
        parts = _texts(node.object.list.items)
        if node.objtype == pb.OBJECT_COLUMN and len(parts) > 1:
            made = self.state.relations.get(self._split(parts[:-1]))
            if made is not None and parts[-1] in made.columns:
                made.columns[parts[-1]].comment = node.comment
        elif node.objtype == pb.OBJECT_TABLE and parts:
            made = self.state.relations.get(self._split(parts))
            if made is not None:
                made.comment = node.comment

    def _set(self, node: Node) -> None:
        values = [one.a_const.sval.sval for one in node.args]
        if node.name == "search_path" and values and values[0]:
            self.state.schema = values[0]

    def _split(self, parts: list[str]) -> Name:
        return (parts[-2] if len(parts) > 1 else self.state.schema), parts[-1]


def _type(node: Node) -> TypeUse:
    names = _texts(node.names)
    schema = names[-2] if len(names) > 1 and names[-2] != "pg_catalog" else ""
    return TypeUse(schema, names[-1] if names else "", len(node.array_bounds))


def _texts(nodes: Iterable[Node]) -> list[str]:
    return [one.string.sval for one in nodes if one.WhichOneof("node") == "string"]


def _constrain(made: Relation, node: Node) -> None:
    kind, keys = _CONSTRAINTS.get(node.contype, ""), tuple(_texts(node.keys))
    if kind == "primary" and keys:
        made.key = keys
    elif kind == "unique" and keys:
        made.unique.append(keys)
    elif kind == "not null" and keys and keys[0] in made.columns:
        made.columns[keys[0]].not_null = True


def _alter_column(made: Relation, column: Made, kind: str, cmd: Node) -> None:
    if kind == "drop column":
        del made.columns[cmd.name]
    elif kind in ("set not null", "drop not null"):
        column.not_null = kind == "set not null"
    elif kind == "type":
        column.type = _type(getattr(cmd, "def").column_def.type_name)
