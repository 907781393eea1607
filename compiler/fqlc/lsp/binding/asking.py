"""What the editor asks: each request bound to its service, in a line or two."""

from __future__ import annotations

from hashlib import sha256

from lsprotocol import types

from fqlc.lsp.server import FqlServer
from fqlc.lsp.words import wording
from fqlc.lsp.words.showing import shown
from fqlc.services import folding, navigation, symbols
from fqlc.services.completion.complete import complete
from fqlc.services.findings import findings
from fqlc.services.hints import hints
from fqlc.services.hover import hover
from fqlc.services.signature import signature_help
from fqlc.services.tokens import tokens


def bind(server: FqlServer) -> None:
    """Bind all of them."""
    ask = server.answer
    options = types.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=False)
    ask(types.TEXT_DOCUMENT_DIAGNOSTIC, _diagnostics, options)
    ask(types.TEXT_DOCUMENT_HOVER, _hover)
    ask(types.TEXT_DOCUMENT_DEFINITION, _definition)
    ask(types.TEXT_DOCUMENT_TYPE_DEFINITION, _type_definition)
    ask(types.TEXT_DOCUMENT_REFERENCES, _references)
    ask(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, _highlights)
    ask(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, _outline)
    ask(types.WORKSPACE_SYMBOL, _search)
    ask(types.TEXT_DOCUMENT_FOLDING_RANGE, _folds)
    ask(types.TEXT_DOCUMENT_SELECTION_RANGE, _selections)
    ask(types.TEXT_DOCUMENT_DOCUMENT_LINK, _links)
    opening = types.CompletionOptions(trigger_characters=list(_TRIGGERS))
    ask(types.TEXT_DOCUMENT_COMPLETION, _completion, opening)
    called = types.SignatureHelpOptions(["(", "|"], [","])
    ask(types.TEXT_DOCUMENT_SIGNATURE_HELP, _signatures, called)
    coloured = types.SemanticTokensOptions(wording.LEGEND, full=True)
    ask(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, _tokens, coloured.legend)
    ask(types.TEXT_DOCUMENT_INLAY_HINT, _hints)


_TRIGGERS = ".:{\"'@$/ |"
"""What editors ask for ways to go on after, besides letters."""


async def _diagnostics(
    server: FqlServer, params: types.DocumentDiagnosticParams
) -> types.DocumentDiagnosticReport:
    here = await server.here(params.text_document.uri, current=True)
    told = shown(here.view, findings(here.snapshot, here.path), server.manner)
    name = sha256(repr(told).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    if params.previous_result_id == name:
        return types.RelatedUnchangedDocumentDiagnosticReport(name)
    return types.RelatedFullDocumentDiagnosticReport(told, result_id=name)


async def _hover(server: FqlServer, params: types.HoverParams) -> types.Hover | None:
    here = await server.here(params.text_document.uri)
    found = hover(here.snapshot, here.path, here.offset(params.position))
    return wording.hover(here, found) if found else None


_Targets = list[types.LocationLink] | list[types.Location]


async def _definition(server: FqlServer, params: types.DefinitionParams) -> _Targets:
    here = await server.here(params.text_document.uri)
    found = navigation.definition(here.snapshot, here.path, here.offset(params.position))
    text = server.client.text_document
    linked = bool(text and text.definition and text.definition.link_support)
    return wording.targets(here.view, found, linked=linked)


async def _type_definition(server: FqlServer, params: types.TypeDefinitionParams) -> _Targets:
    here = await server.here(params.text_document.uri)
    found = navigation.type_definition(here.snapshot, here.path, here.offset(params.position))
    text = server.client.text_document
    linked = bool(text and text.type_definition and text.type_definition.link_support)
    return wording.targets(here.view, found, linked=linked)


async def _references(server: FqlServer, params: types.ReferenceParams) -> list[types.Location]:
    here = await server.here(params.text_document.uri)
    offset, declared = here.offset(params.position), params.context.include_declaration
    found = navigation.references(here.snapshot, here.path, offset, declaration=declared)
    return [here.view.location(span) for span in found]


async def _highlights(
    server: FqlServer, params: types.DocumentHighlightParams
) -> list[types.DocumentHighlight]:
    here = await server.here(params.text_document.uri)
    offset = here.offset(params.position)
    return wording.highlights(here, navigation.highlights(here.snapshot, here.path, offset))


async def _outline(
    server: FqlServer, params: types.DocumentSymbolParams
) -> list[types.DocumentSymbol] | list[types.SymbolInformation]:
    here = await server.here(params.text_document.uri)
    found = symbols.outline(here.snapshot, here.path)
    text = server.client.text_document
    form = text and text.document_symbol
    if form and form.hierarchical_document_symbol_support:
        return wording.outline(here.view, found)
    return wording.flat_outline(here.view, found)


async def _search(
    server: FqlServer, params: types.WorkspaceSymbolParams
) -> list[types.WorkspaceSymbol]:
    rows: list[types.WorkspaceSymbol] = []
    for view in server.desk.views():
        rows += wording.found_symbols(view, symbols.search(view.snapshot, params.query))
    return rows[: symbols.MOST_FOUND]


async def _folds(server: FqlServer, params: types.FoldingRangeParams) -> list[types.FoldingRange]:
    here = await server.here(params.text_document.uri)
    return wording.folds(here, folding.folds(here.source))


async def _selections(
    server: FqlServer, params: types.SelectionRangeParams
) -> list[types.SelectionRange]:
    here = await server.here(params.text_document.uri)
    offsets = [here.offset(position) for position in params.positions]
    return [wording.selections(here, folding.selection(here.source, at)) for at in offsets]


async def _links(server: FqlServer, params: types.DocumentLinkParams) -> list[types.DocumentLink]:
    here = await server.here(params.text_document.uri)
    return wording.links(here, folding.links(here.snapshot, here.path))


async def _completion(server: FqlServer, params: types.CompletionParams) -> types.CompletionList:
    here = await server.here(params.text_document.uri)
    found = complete(here.snapshot, here.path, here.offset(params.position))
    text = server.client.text_document
    item = text.completion.completion_item if text and text.completion else None
    return wording.completions(here, found, snippets=bool(item and item.snippet_support))


async def _signatures(
    server: FqlServer, params: types.SignatureHelpParams
) -> types.SignatureHelp | None:
    here = await server.here(params.text_document.uri)
    found = signature_help(here.snapshot, here.path, here.offset(params.position))
    return wording.signatures(found) if found else None


async def _tokens(server: FqlServer, params: types.SemanticTokensParams) -> types.SemanticTokens:
    here = await server.here(params.text_document.uri)
    return wording.tokens(here, tokens(here.snapshot, here.path))


async def _hints(server: FqlServer, params: types.InlayHintParams) -> list[types.InlayHint]:
    here = await server.here(params.text_document.uri)
    start, end = here.offset(params.range.start), here.offset(params.range.end)
    return wording.hints(here, hints(here.snapshot, here.path, start, end, server.hints))
