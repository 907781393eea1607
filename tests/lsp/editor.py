"""An editor that is not ours: the client of pytest-lsp, with the capabilities of a real one, and
`fqlc lsp` as a process. What passes between the two is kept as a transcript."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from lsprotocol import types
from pytest_lsp import LanguageClient, client_capabilities, make_test_lsp_client

from tests.lsp.texts import change

SERVER = (sys.executable, "-m", "fqlc", "lsp", "--debug")
Message = dict[str, object]


class Editor:
    """One editor with a folder open."""

    def __init__(self, client: LanguageClient, folder: Path) -> None:
        self.client, self.folder = client, folder
        self.lines: list[tuple[str, Message]] = []
        self._told: dict[str, list[types.PublishDiagnosticsParams]] = {}
        self._news = asyncio.Event()
        self._versions: dict[str, int] = {}
        self.encoding = "utf-16"
        client.feature(types.CLIENT_REGISTER_CAPABILITY)(lambda params: None)
        client.protocol.fm.features.pop(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(lambda p: self._hear(p))  # noqa: PLW0108

    def _hear(self, params: types.PublishDiagnosticsParams) -> None:
        self._told.setdefault(params.uri, []).append(params)
        self._news.set()

    def uri(self, name: str) -> str:
        """What this editor calls a file."""
        return (self.folder / name).as_uri()

    def file(self, name: str) -> types.TextDocumentIdentifier:
        """The same, as requests name it."""
        return types.TextDocumentIdentifier(self.uri(name))

    def open(self, name: str, text: str | None = None) -> None:
        """Open a file, or a text that is not saved yet."""
        self._versions[name] = 1
        shown = (self.folder / name).read_text("utf-8") if text is None else text
        item = types.TextDocumentItem(self.uri(name), "fql", 1, shown)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def type(self, name: str, *changes: tuple[int, int, int, int, str]) -> int:
        """Change an open text; the version that it has then."""
        self._versions[name] += 1
        version = self._versions[name]
        about = types.VersionedTextDocumentIdentifier(version, self.uri(name))
        made = [change(*one) for one in changes]
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(about, made))
        return version

    def close(self, name: str) -> None:
        """Close a file."""
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(self.file(name)))

    def saved(self, name: str) -> None:
        """Say that a file was saved."""
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(self.file(name)))

    def changed_on_disk(self, *names: str) -> None:
        """Say that files were changed by somebody else."""
        changed = types.FileChangeType.Changed
        events = [types.FileEvent(self.uri(name), changed) for name in names]
        about = types.DidChangeWatchedFilesParams(events)
        self.client.workspace_did_change_watched_files(about)

    async def told(self, name: str, version: int | None) -> list[types.Diagnostic]:
        """The diagnostics that are published for a version of a text."""
        async with asyncio.timeout(60):
            while True:
                found = [p for p in self._told.get(self.uri(name), ()) if p.version == version]
                if found:
                    return list(found[-1].diagnostics)
                self._news.clear()
                await self._news.wait()

    async def told_next(self, name: str) -> types.PublishDiagnosticsParams:
        """What is published next for a file."""
        self._told.pop(self.uri(name), None)
        async with asyncio.timeout(60):
            while not self._told.get(self.uri(name)):
                self._news.clear()
                await self._news.wait()
        return self._told[self.uri(name)][-1]

    def published(self, name: str) -> list[types.PublishDiagnosticsParams]:
        """All that was published for a file so far."""
        return list(self._told.get(self.uri(name), ()))

    async def pull(self, name: str) -> list[types.Diagnostic]:
        """Ask for the diagnostics of a text."""
        asked = types.DocumentDiagnosticParams(self.file(name))
        report = await self.client.text_document_diagnostic_async(asked)
        assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
        return list(report.items)

    def column(self, before: str) -> int:
        """The column after a text, in what this editor and the server agreed on."""
        chosen = self.encoding
        name = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}[chosen]
        return len(before.encode(name)) // {"utf-8": 1, "utf-16-le": 2, "utf-32-le": 4}[name]

    def at(self, name: str, line: int, column: int) -> types.TextDocumentPositionParams:
        """A place in a file."""
        return types.TextDocumentPositionParams(self.file(name), types.Position(line, column))

    def transcript(self) -> str:
        """All messages, one a line, with the folder as `file:///project` and ids in order."""
        ids: dict[object, int] = {}
        rows = []
        for sender, message in self.lines:
            number = {}
            if "id" in message:
                number = {"id": ids.setdefault(message["id"], len(ids) + 1)}
            row = {"from": sender, "message": {**message, **number}}
            text = json.dumps(row, ensure_ascii=False)
            text = text.replace(self.folder.as_uri(), "file:///project")
            text = re.sub(r'file:///[^"]*/pages-[^/"]*/', "file:///pages/", text)
            text = re.sub(r'(esultId": )"[0-9a-f]+"', r'\1"..."', text)
            rows.append(text.replace(f'"processId": {os.getpid()}', '"processId": null'))
        return "".join(f"{row}\n" for row in rows)


def recorded(client: LanguageClient, lines: list[tuple[str, Message]]) -> None:
    """Keep every message that a client sends and hears."""
    writer, structure = client.protocol.writer, client.protocol.structure_message
    assert writer is not None
    write = writer.write

    def sent(data: bytes) -> object:
        lines.append(("client", json.loads(data.partition(b"\r\n\r\n")[2])))
        return write(data)

    def heard(data: Message) -> object:
        if "jsonrpc" in data:
            lines.append(("server", json.loads(json.dumps(data, default=str))))
        return structure(data)

    writer.write = sent  # type: ignore[method-assign,assignment]
    client.protocol.structure_message = heard  # type: ignore[method-assign]


@asynccontextmanager
async def editing(
    folder: Path,
    name: str = "visual-studio-code",
    *,
    options: object = None,
    server: Iterable[str] = SERVER,
) -> AsyncIterator[Editor]:
    """An editor with a folder open, until it shuts the server down."""
    client = make_test_lsp_client()
    editor = Editor(client, folder)
    await client.start_io(*server, cwd=folder, env=dict(os.environ))
    recorded(client, editor.lines)
    root = types.WorkspaceFolder(folder.as_uri(), "shop")
    found = await client.initialize_session(
        types.InitializeParams(
            capabilities=client_capabilities(name),
            root_uri=folder.as_uri(),
            workspace_folders=[root],
            initialization_options=options,
            process_id=os.getpid(),
        )
    )
    editor.encoding = types.PositionEncodingKind(found.capabilities.position_encoding).value
    try:
        yield editor
    finally:
        await client.shutdown_session()
        await client.stop()  # type: ignore[no-untyped-call]
