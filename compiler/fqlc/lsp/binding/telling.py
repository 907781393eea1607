"""What the editor tells without asking: texts, files, settings. One function a notification."""

from __future__ import annotations

from lsprotocol import types

from fqlc.lsp.projects import Place
from fqlc.lsp.server import FqlServer

_WATCHED = ("**/*.fql", "**/fql.toml", "**/*.{json,yaml,yml}")
"""Sources, settings, and what may be a contract: `Desk.seen_on_disk` knows which of them count."""
_SECTION = "fql"


def bind(server: FqlServer) -> None:
    """Bind all of them."""
    server.take(types.INITIALIZE, _initialize)
    server.take(types.INITIALIZED, _initialized)
    server.take(types.TEXT_DOCUMENT_DID_OPEN, _did_open)
    server.take(types.TEXT_DOCUMENT_DID_CHANGE, _did_change)
    server.take(types.TEXT_DOCUMENT_DID_SAVE, _did_save)
    server.take(types.TEXT_DOCUMENT_DID_CLOSE, _did_close)
    server.take(types.WORKSPACE_DID_CHANGE_WATCHED_FILES, _did_change_watched_files)
    server.take(types.WORKSPACE_DID_CHANGE_CONFIGURATION, _did_change_configuration)


def _initialize(server: FqlServer, params: types.InitializeParams) -> None:
    server.desk.encoding = _encoding(params.capabilities)
    server.apply(params.initialization_options)


def _encoding(client: types.ClientCapabilities) -> types.PositionEncodingKind:
    """The first that the editor names of those that we know; pygls tells it the same."""
    offered = (client.general and client.general.position_encodings) or ()
    known = {kind.value: kind for kind in types.PositionEncodingKind}
    return next((known[o] for o in offered if o in known), types.PositionEncodingKind.Utf16)


def _initialized(server: FqlServer, _: types.InitializedParams) -> None:
    workspace = server.client.workspace
    watching = workspace and workspace.did_change_watched_files
    if watching and watching.dynamic_registration:
        globs = [types.FileSystemWatcher(pattern) for pattern in _WATCHED]
        method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        options = types.DidChangeWatchedFilesRegistrationOptions(globs)
        one = types.Registration("fql-files", method, options)
        server.client_register_capability(types.RegistrationParams([one]))
    _ask_settings(server)


def _ask_settings(server: FqlServer) -> None:
    """Ask for our section of the settings, where the editor has any."""
    workspace = server.client.workspace
    if workspace and workspace.configuration:
        asked = types.ConfigurationParams([types.ConfigurationItem(section=_SECTION)])
        server.workspace_configuration(asked, lambda found: server.apply(next(iter(found), None)))


def _did_change_configuration(
    server: FqlServer, params: types.DidChangeConfigurationParams
) -> None:
    given = params.settings
    if isinstance(given, dict) and _SECTION in given:
        server.apply(given[_SECTION])
    else:
        _ask_settings(server)


def _did_open(server: FqlServer, params: types.DidOpenTextDocumentParams) -> None:
    text = params.text_document
    server.desk.open(text.uri, text.version, text.text)


def _did_change(server: FqlServer, params: types.DidChangeTextDocumentParams) -> None:
    text = params.text_document
    server.desk.change(text.uri, text.version, params.content_changes)


def _did_save(server: FqlServer, params: types.DidSaveTextDocumentParams) -> None:
    server.desk.save(params.text_document.uri)


def _did_close(server: FqlServer, params: types.DidCloseTextDocumentParams) -> None:
    server.desk.close(params.text_document.uri)


def _did_change_watched_files(server: FqlServer, params: types.DidChangeWatchedFilesParams) -> None:
    server.desk.seen_on_disk([Place.of(change.uri) for change in params.changes])
