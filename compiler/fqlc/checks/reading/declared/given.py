"""Reading the rows of `test` blocks against the fields of their entity."""

from __future__ import annotations

from collections.abc import Mapping

from fql.near import nearest, question
from fqlc.checks.describe import quoted
from fqlc.checks.model import ObserverModel
from fqlc.checks.reading.declared.report import wrong
from fqlc.checks.reading.declared.rows import NotLiteral, misfit, plain
from fqlc.checks.reading.entries import Found
from fqlc.diagnostics.sink import Sink
from fqlc.names.project import Project
from fqlc.source.text import Span
from fqlc.syntax.tree import ast


class GivenRows:
    """Reads the rows of one test."""

    def __init__(
        self, project: Project, observer: ObserverModel, block: ast.Block, sink: Sink
    ) -> None:
        self._project = project
        self._block = block
        self._sink = sink
        self._entity = observer.entity.name if observer.entity else ""
        self._fields = observer.entity.fields if observer.entity else {}
        self._unread: set[Span] = set()
        """Rows that hold something that could not be read: what they lack is not known."""

    def read(
        self, found: Mapping[str, Found], event: str | None
    ) -> tuple[dict[str, object] | None, dict[str, object] | None]:
        """The rows. Where it is not known for which event, only their fields are judged."""
        if event is None:
            for name in found.keys() & {"old", "new"}:
                self._read_row(found[name].value)
            return None, None
        wanted = {"insert": ("new",), "update": ("old", "new"), "delete": ("old",)}[event]
        rows: dict[str, dict[str, object] | None] = {"old": None, "new": None}
        for name in ("old", "new"):
            if name in found and name not in wanted:
                wrong(
                    self._sink,
                    f"a row of `{event}` has no `{name}`",
                    found[name].name.span,
                    "not here",
                )
            elif name in wanted and name not in found:
                wrong(
                    self._sink,
                    f"a test of `{event}` needs the row `{name}`",
                    self._block.header,
                    "incomplete",
                )
            elif name in found:
                rows[name] = self._read_row(found[name].value)
        old, new = rows["old"], rows["new"]
        if event == "update" and old is not None and new is not None:
            new = {**old, **new}
        for name, row in (("old", old), ("new", new)):
            whole = "old" not in found or name == "old"
            if row is not None and name in found and whole:
                self._require_whole_row(row, found[name].value.span)
        return old, new

    def _read_row(self, value: ast.Expr) -> dict[str, object] | None:
        if not isinstance(value, ast.ObjectLiteral):
            wrong(self._sink, "a row must be an object of field values", value.span, "not a row")
            return None
        row: dict[str, object] = {}
        for entry in value.entries:
            if not self._read_field(entry, row):
                self._unread.add(value.span)
        return row

    def _read_field(self, entry: ast.ObjectEntry, row: dict[str, object]) -> bool:
        """Put a field into the row; False where it is unclear which."""
        if entry.key is None or entry.key.text not in self._fields:
            name = entry.key.text if entry.key else "..."
            close = nearest(name, self._sink.comparable(self._fields))
            wrong(
                self._sink,
                f"`{self._entity}` has no field `{name}`",
                entry.span,
                "unknown field",
                *((question(close),) if close else ()),
            )
            return False
        try:
            row[entry.key.text] = plain(entry.value)
        except NotLiteral as error:
            wrong(
                self._sink, "the values of a row must be literals", error.at.span, "not a literal"
            )
            return False
        field_type = self._fields[entry.key.text].type
        why = misfit(row[entry.key.text], field_type, self._project)
        if why is not None:
            wrong(self._sink, f"`{entry.key.text}`: {why}", entry.value.span, "does not fit")
        return True

    def _require_whole_row(self, row: dict[str, object], span: Span) -> None:
        """Fields that are not given are null, where they may be."""
        missing = [n for n, f in self._fields.items() if n not in row and not f.type.nullable]
        if missing and span not in self._unread:
            wrong(self._sink, f"the row lacks {quoted(missing[:5], 'and')}", span, "incomplete")
        for name in self._fields:
            row.setdefault(name, None)
