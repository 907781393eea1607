"""Every feature, asked by editors that are not ours of `fqlc lsp` as a process; what passed between
them is kept as transcripts, which any editor can replay (`python -m tests.lsp.test_server` writes
them)."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from fqlc.lsp.binding.bound import bound_server
from tests.lsp.conftest import MODEL, SHOP
from tests.lsp.editor import Editor, editing

EDITORS = ("visual-studio-code", "neovim", "emacs")
UNTIDY = """\
observer order_paid {
  on:Order.update
  when: status.changed()&&total.round(2)>100
  webhook   tell {
    url: "https://carrier.example.com/paid/{{ id }}"
    retry: { max_atempts: 7 }
    body: {customer:"{{ customer | truncate( 20 ) }}",  total}
  }
}
observer order_sent {
  on: Order.update
  when: total > 5 and status == shipped
  webhook tell { url: "https://carrier.example.com/sent/{{ id }}" }
}
"""
"""A text with something to tidy, to fix, and to call."""
HOLE = '    body: { id, note: "😀😀 {{ '
GOLDEN = Path(__file__).with_name("golden")


async def session(editor: Editor) -> None:
    """One of each, with a mistake that is made, and mended by a code action."""
    client, shop = editor.client, "shop.fql"
    editor.open(shop)
    await _diagnostics(editor, 1)
    file, spot = editor.file(shop), types.Position(5, 9)
    await client.text_document_hover_async(types.HoverParams(file, spot))
    await client.text_document_definition_async(types.DefinitionParams(file, spot))
    await client.text_document_type_definition_async(types.TypeDefinitionParams(file, spot))
    declared = types.ReferenceContext(include_declaration=True)
    await client.text_document_references_async(types.ReferenceParams(declared, file, spot))
    await client.text_document_document_highlight_async(types.DocumentHighlightParams(file, spot))
    await _of_the_file(editor, shop)
    start, end = editor.column(HOLE), editor.column(f"{HOLE}customer")
    version = editor.type(shop, (5, 8, 5, 14, "statu"), (9, start, 9, end, "cu"))
    in_hole = types.Position(9, editor.column(f"{HOLE}cu"))
    await client.text_document_completion_async(types.CompletionParams(file, in_hole))
    wrong = await _diagnostics(editor, version)
    assert [d.code for d in wrong] == ["FQL201", "FQL311"]
    context = types.CodeActionContext(wrong[:1])
    asked = types.CodeActionParams(editor.file(shop), wrong[0].range, context)
    await client.text_document_code_action_async(asked)
    end = editor.column(f"{HOLE}cu")
    version = editor.type(shop, (5, 8, 5, 13, "status"), (9, start, 9, end, "customer"))
    assert await _diagnostics(editor, version) == []
    await client.text_document_prepare_rename_async(types.PrepareRenameParams(file, spot))
    await client.text_document_rename_async(types.RenameParams(file, spot, "state"))
    with pytest.raises(JsonRpcException, match="id"):
        await client.text_document_rename_async(types.RenameParams(file, spot, "id"))
    editor.close(shop)
    await _of_an_untidy_text(editor)


async def _of_an_untidy_text(editor: Editor) -> None:
    """What a text needs that is not finished: formats, signatures, fixes of all kinds."""
    client, name = editor.client, "paid.fql"
    editor.open(name, UNTIDY)
    wrong = await _diagnostics(editor, 1, name)
    assert "FQL204" in [d.code for d in wrong]
    file, style = editor.file(name), types.FormattingOptions(2, insert_spaces=True)
    whole = types.Range(types.Position(0, 0), types.Position(99, 0))
    await client.text_document_formatting_async(types.DocumentFormattingParams(file, style))
    await client.text_document_range_formatting_async(
        types.DocumentRangeFormattingParams(file, whole, style)
    )
    await client.text_document_on_type_formatting_async(
        types.DocumentOnTypeFormattingParams(file, types.Position(8, 1), "}", style)
    )
    for before in ("total.round(", "truncate( 20"):
        above = UNTIDY.partition(before)[0] + before
        place = types.Position(above.count("\n"), len(above.rpartition("\n")[2]))
        await client.text_document_signature_help_async(types.SignatureHelpParams(file, place))
    for only in (None, ["quickfix"], ["refactor"], ["source.fixAll.fql"]):
        context = types.CodeActionContext(wrong, only=only)
        await client.text_document_code_action_async(types.CodeActionParams(file, whole, context))
    settings = types.DidChangeConfigurationParams({"fql": {"hints": False}})
    client.workspace_did_change_configuration(settings)
    await client.text_document_inlay_hint_async(types.InlayHintParams(file, whole))
    editor.close(name)


async def _diagnostics(
    editor: Editor, version: int, name: str = "shop.fql"
) -> list[types.Diagnostic]:
    """As the editor gets them: pulled where it can, else published."""
    capabilities = editor.client.capabilities
    assert capabilities is not None and capabilities.text_document is not None
    if capabilities.text_document.diagnostic is not None:
        return await editor.pull(name)
    return await editor.told(name, version)


async def _of_the_file(editor: Editor, name: str) -> None:
    client, file = editor.client, editor.file(name)
    whole = types.Range(types.Position(0, 0), types.Position(99, 0))
    await client.text_document_document_symbol_async(types.DocumentSymbolParams(file))
    await client.workspace_symbol_async(types.WorkspaceSymbolParams("ord"))
    await client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(file))
    await client.text_document_folding_range_async(types.FoldingRangeParams(file))
    await client.text_document_document_link_async(types.DocumentLinkParams(file))
    await client.text_document_inlay_hint_async(types.InlayHintParams(file, whole))
    places = [types.Position(5, 9)]
    await client.text_document_selection_range_async(types.SelectionRangeParams(file, places))


def project(folder: Path) -> Path:
    """The project of the transcripts."""
    (folder / "fql.toml").write_text('[project]\nname = "shop"\n', "utf-8")
    (folder / "shop.fql").write_text(SHOP, "utf-8")
    (folder / "model.fql").write_text(MODEL, "utf-8")
    return folder


@pytest.mark.parametrize("name", EDITORS)
async def test_a_session_is_as_its_transcript(shop: Path, name: str) -> None:
    async with editing(shop, name) as editor:
        await session(editor)
    assert editor.transcript() == (GOLDEN / f"{name}.lsp.jsonl").read_text("utf-8")


@pytest.mark.parametrize("name", EDITORS)
def test_everything_that_is_asked_has_a_real_answer_once(name: str) -> None:
    """A transcript in which a feature says nothing shows nothing."""
    lines = (GOLDEN / f"{name}.lsp.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    messages = [(row["from"], row["message"]) for row in rows]
    requests = [m for who, m in messages if who == "client" and "method" in m and "id" in m]
    asked = {m["id"]: m["method"] for m in requests}
    told = {asked[m["id"]] for who, m in messages if who == "server" and m.get("result")}
    assert set(asked.values()) - told == {types.SHUTDOWN}
    features = [f for f in bound_server(None).protocol.fm.features if _is_asked(f)]
    assert set(features) <= {*asked.values(), types.TEXT_DOCUMENT_DIAGNOSTIC}


def _is_asked(feature: str) -> bool:
    return feature.startswith(("textDocument/", "workspace/")) and "/did" not in feature


def main() -> None:
    """Write the transcripts."""
    for name in EDITORS:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(_record(project(Path(folder).resolve()), name))


async def _record(folder: Path, name: str) -> None:
    async with editing(folder, name) as editor:
        await session(editor)
    (GOLDEN / f"{name}.lsp.jsonl").write_text(editor.transcript(), "utf-8")


if __name__ == "__main__":
    main()
