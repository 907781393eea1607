"""What the editor asks for changes of the text: formats, renames, fixes."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from fqlc.lsp.server import FAILED, FqlServer
from fqlc.lsp.words import wording
from fqlc.services import formatting
from fqlc.services.answers import ActionKind, Refusal
from fqlc.services.fixing.actions import code_actions, fix_all
from fqlc.services.renaming.rename import prepare_rename, rename
from fqlc.source.text import Span


def bind(server: FqlServer) -> None:
    """Bind all of them."""
    ask = server.answer
    ask(types.TEXT_DOCUMENT_FORMATTING, _format)
    ask(types.TEXT_DOCUMENT_RANGE_FORMATTING, _format_range)
    braces = types.DocumentOnTypeFormattingOptions(first_trigger_character="}")
    ask(types.TEXT_DOCUMENT_ON_TYPE_FORMATTING, _format_after, braces)
    ask(types.TEXT_DOCUMENT_PREPARE_RENAME, _prepare_rename)
    ask(types.TEXT_DOCUMENT_RENAME, _rename, types.RenameOptions(prepare_provider=True))
    kinds = types.CodeActionOptions([kind.value for kind in ActionKind])
    ask(types.TEXT_DOCUMENT_CODE_ACTION, _actions, kinds)


async def _format(
    server: FqlServer, params: types.DocumentFormattingParams
) -> list[types.TextEdit]:
    here = await server.here(params.text_document.uri)
    return [here.view.edit(edit) for edit in formatting.format_file(here.snapshot, here.source)]


async def _format_range(
    server: FqlServer, params: types.DocumentRangeFormattingParams
) -> list[types.TextEdit]:
    here = await server.here(params.text_document.uri)
    start, end = here.offset(params.range.start), here.offset(params.range.end)
    return [here.view.edit(edit) for edit in formatting.format_range(here.source, start, end)]


async def _format_after(
    server: FqlServer, params: types.DocumentOnTypeFormattingParams
) -> list[types.TextEdit]:
    here = await server.here(params.text_document.uri)
    found = formatting.format_after(here.source, here.offset(params.position))
    return [here.view.edit(edit) for edit in found]


async def _prepare_rename(
    server: FqlServer, params: types.PrepareRenameParams
) -> types.PrepareRenamePlaceholder:
    here = await server.checked(params.text_document.uri)
    found = prepare_rename(here.snapshot, here.path, here.offset(params.position))
    if isinstance(found, Refusal):
        raise JsonRpcException(found.reason, FAILED)
    return types.PrepareRenamePlaceholder(here.view.range(found.span), found.name)


async def _rename(server: FqlServer, params: types.RenameParams) -> types.WorkspaceEdit:
    here = await server.checked(params.text_document.uri)
    offset = here.offset(params.position)
    found = rename(here.snapshot, here.path, offset, params.new_name)
    if isinstance(found, Refusal):
        raise JsonRpcException(found.reason, FAILED)
    workspace = server.client.workspace
    form = workspace.workspace_edit if workspace else None
    annotated = bool(form and form.document_changes and form.change_annotation_support)
    return wording.renaming(here.view, found, annotated=annotated)


async def _actions(server: FqlServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    here = await server.here(params.text_document.uri)
    only = params.context.only
    span = Span(here.path, here.offset(params.range.start), here.offset(params.range.end))
    solved = params.context.diagnostics
    found = [
        wording.action(here.view, action, solved)
        for action in code_actions(here.snapshot, span)
        if only is None or _is_wanted(action.kind.value, only)
    ]
    if only is not None and _is_wanted(ActionKind.FIX_ALL.value, only):
        edits = fix_all(here.snapshot, here.path)
        if edits:
            kind = ActionKind.FIX_ALL.value
            every = here.view.edits(edits)
            found.append(types.CodeAction("fix all that is safe to fix", kind, edit=every))
    return found


def _is_wanted(kind: str, only: Sequence[types.CodeActionKind | str]) -> bool:
    """True for a kind that is asked for, or within one that is."""
    asked = [o.value if isinstance(o, types.CodeActionKind) else o for o in only]
    return any(kind == one or kind.startswith(f"{one}.") or one == "" for one in asked)
