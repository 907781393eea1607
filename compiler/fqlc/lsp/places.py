"""One project as it is now: the last check, the open texts, and places in both as the protocol has
them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from lsprotocol.types import (
    Location,
    LocationLink,
    OptionalVersionedTextDocumentIdentifier,
    Position,
    Range,
    TextEdit,
    WorkspaceEdit,
)
from pygls.uris import from_fs_path

from fqlc.diagnostics.model import Edit
from fqlc.lsp.documents import Document, Encoding, Ruler
from fqlc.lsp.projects import Checkup
from fqlc.project.files import working_folder
from fqlc.services.answers import Target
from fqlc.services.snapshot import Snapshot
from fqlc.source.text import SourceText, Span


@dataclass(frozen=True)
class View:
    """What services are asked about: the last check with all that was typed since. `documents` are
    the open texts by their keys."""

    checkup: Checkup
    snapshot: Snapshot = field(repr=False)
    documents: Mapping[str, Document] = field(repr=False)
    encoding: Encoding

    @classmethod
    def of(
        cls, checkup: Checkup, snapshot: Snapshot, documents: Mapping[str, Document],
        encoding: Encoding,
    ) -> View:  # fmt: skip
        """The view of these texts, where `snapshot` may know others."""
        for key, document in documents.items():
            name = checkup.names.get(key)
            source = snapshot.source(name) if name is not None else None
            if source is not None and source.written != document.text:
                snapshot = snapshot.typed(source.path, document.text)
        return cls(checkup, snapshot, documents, encoding)

    @cached_property
    def _keys(self) -> Mapping[str, str]:
        return {name: key for key, name in self.checkup.names.items()}

    def document(self, path: str) -> Document | None:
        """The open text of a file of the project."""
        return self.documents.get(self._keys.get(path, ""))

    def uri(self, path: str) -> str:
        """What the editor calls a file of the project."""
        document = self.document(path)
        if document is not None:
            return document.uri
        return from_fs_path(str(working_folder() / path)) or path

    def version(self, path: str) -> OptionalVersionedTextDocumentIdentifier:
        """A file with the version in which it is open, if it is."""
        document = self.document(path)
        return OptionalVersionedTextDocumentIdentifier(
            self.uri(path), document.version if document is not None else None
        )

    def range(self, span: Span) -> Range:
        """A stretch of a newest text."""
        document = self.document(span.path)
        if document is not None:
            return document.range(span.start, span.end)
        return self._ruler(span.path).range(span.start, span.end)

    def _ruler(self, path: str) -> Ruler:
        known = self._rulers.get(path)
        if known is None:
            settings = self.checkup.settings
            source = self.snapshot.source(path)
            if source is None and settings is not None and settings.path == path:
                source = settings
            known = self._rulers[path] = Ruler(source.text if source else "", self.encoding)
        return known

    @cached_property
    def _rulers(self) -> dict[str, Ruler]:
        return {}

    def location(self, span: Span) -> Location:
        """A stretch with its file."""
        return Location(self.uri(span.path), self.range(span))

    def link(self, target: Target) -> LocationLink:
        """A way from a name to its declaration."""
        return LocationLink(
            target_uri=self.uri(target.whole.path),
            target_range=self.range(target.whole),
            target_selection_range=self.range(target.name),
            origin_selection_range=self.range(target.origin),
        )

    def edit(self, edit: Edit) -> TextEdit:
        """A change of one file, with the line ends that it has."""
        document = self.document(edit.span.path)
        source = self.snapshot.source(edit.span.path)
        text = edit.text
        if document is not None:
            text = document.spelled(text)
        elif source is not None and "\r\n" in source.written:
            text = text.replace("\n", "\r\n")
        return TextEdit(self.range(edit.span), text)

    def edits(self, edits: Iterable[Edit]) -> WorkspaceEdit:
        """Changes over files."""
        changes: dict[str, list[TextEdit]] = {}
        for edit in edits:
            changes.setdefault(self.uri(edit.span.path), []).append(self.edit(edit))
        return WorkspaceEdit(changes=changes)


@dataclass(frozen=True)
class Here:
    """A text of a project, as a request sees it."""

    view: View
    document: Document
    path: str

    @property
    def snapshot(self) -> Snapshot:
        """What services are asked about."""
        return self.view.snapshot

    @cached_property
    def source(self) -> SourceText:
        """This text, as the compiler reads it."""
        return SourceText(self.path, self.document.text)

    def offset(self, position: Position) -> int:
        """The offset of a position in this text."""
        return self.document.offset(position)

    def range(self, start: int, end: int) -> Range:
        """A stretch of this text."""
        return self.document.range(start, end)
