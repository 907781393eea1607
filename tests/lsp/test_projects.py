"""Several projects, none at all, files that are not saved, and settings that are wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path

from lsprotocol import types

from tests.lsp.conftest import MODEL
from tests.lsp.editor import editing

GOOD = 'entity A from "a" { id: ID @key }\n'
BAD = 'entity A from "a" { id: Nothing @key }\n'


def codes(found: list[types.Diagnostic]) -> list[object]:
    return [diagnostic.code for diagnostic in found]


def errors(found: list[types.Diagnostic]) -> list[object]:
    return codes([d for d in found if d.severity == types.DiagnosticSeverity.Error])


async def test_files_have_their_own_projects(shop: Path) -> None:
    """Two projects, and a file that the settings leave out, beside each other."""
    other = shop / "other"
    other.mkdir()
    settings = '[project]\nname = "shop"\nexclude = ["old"]\n'
    (shop / "fql.toml").write_text(settings, "utf-8")
    (other / "fql.toml").write_text('[project]\nname = "other"\n', "utf-8")
    (other / "a.fql").write_text(MODEL, "utf-8")
    (shop / "old").mkdir()
    (shop / "old" / "b.fql").write_text(MODEL, "utf-8")
    async with editing(shop) as editor:
        for name in ("shop.fql", "other/a.fql", "old/b.fql"):
            editor.open(name)
        for name in ("shop.fql", "other/a.fql", "old/b.fql"):
            assert not errors(await editor.told(name, 1)), name
        found = await editor.client.text_document_references_async(
            types.ReferenceParams(
                types.ReferenceContext(include_declaration=True),
                editor.file("other/a.fql"), types.Position(1, 8),
            )
        )  # fmt: skip
        assert found is not None and {one.uri for one in found} == {editor.uri("other/a.fql")}


async def test_a_file_that_is_not_open_is_told_of_and_taken_back(shop: Path) -> None:
    """A change on disk breaks a file nobody has open; closing the last text of the project takes
    everything back."""
    async with editing(shop) as editor:
        editor.open("shop.fql")
        assert await editor.told("shop.fql", 1) == []
        (shop / "model.fql").write_text(MODEL.replace("Decimal", "Nothing"), "utf-8")
        editor.changed_on_disk("model.fql")
        assert codes(await editor.told("model.fql", None)) == ["FQL202"]
        editor.close("shop.fql")
        assert not (await editor.told_next("model.fql")).diagnostics


async def test_a_text_over_a_file_and_one_that_is_not_saved(shop: Path) -> None:
    async with editing(shop) as editor:
        editor.open("shop.fql")
        editor.open("model.fql", MODEL.replace("total: Decimal", "totals: Decimal"))
        assert "FQL201" in codes(await editor.told("shop.fql", 1))
        editor.open("new.fql", BAD)
        assert "FQL202" in codes(await editor.told("new.fql", 1))
        editor.close("model.fql")
        editor.close("new.fql")
        assert not (await editor.told_next("shop.fql")).diagnostics


async def test_settings_that_are_wrong_are_told_where_they_are(shop: Path) -> None:
    async with editing(shop) as editor:
        (shop / "fql.toml").write_text('[project]\nname = "shop"\ncolour = 1\n', "utf-8")
        editor.open("shop.fql")
        wrong = await editor.told("fql.toml", None)
        assert wrong[0].range.start.line == 2 and "colour" in wrong[0].message
        (shop / "fql.toml").write_text('[project]\nname = "shop"\n', "utf-8")
        editor.saved("shop.fql")
        assert not (await editor.told_next("fql.toml")).diagnostics


async def test_hints_are_chosen_and_a_large_file_has_colours_and_syntax_errors_only(
    shop: Path,
) -> None:
    whole = types.Range(types.Position(0, 0), types.Position(99, 0))
    async with editing(shop, options={"hints": {"retry": False}}) as editor:
        editor.open("shop.fql")
        asked = types.InlayHintParams(editor.file("shop.fql"), whole)
        assert not await editor.client.text_document_inlay_hint_async(asked)
        editor.open("large.fql", f"{BAD}entity B {{\n#{'x' * 2_000_000}\n")
        assert codes(await editor.told("large.fql", 1)) == ["FQL102"]
        colours = types.SemanticTokensParams(editor.file("large.fql"))
        tokens = await editor.client.text_document_semantic_tokens_full_async(colours)
        assert tokens is not None and len(tokens.data) > 20


async def test_a_text_whose_file_is_gone_or_left_out_is_answered(shop: Path) -> None:
    """Alone in the editor: its project has no other text that would keep it."""
    names = "fql.toml", "left.fql"
    (shop / names[0]).write_text(
        '[project]\nfiles = ["shop.fql"]\nexclude = ["left.fql"]\n', "utf-8"
    )
    (shop / names[1]).write_text(GOOD, "utf-8")
    for name in ("left.fql", "shop.fql"):
        async with editing(shop) as editor:
            editor.open(name)
            await editor.told(name, 1)
            (shop / name).unlink()
            editor.changed_on_disk(name)
            asked = types.DocumentSymbolParams(editor.file(name))
            async with asyncio.timeout(10):
                assert await editor.client.text_document_document_symbol_async(asked)
