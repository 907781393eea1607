"""Changes and positions are those of the protocol, as VS Code's own library has them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol.types import Position, PositionEncodingKind

from fqlc.lsp.documents import Document, Ruler, joined
from tests.lsp.texts import change, lines_of, story, units

VERDICTS = Path(__file__).with_name("golden") / "textdocument.jsonl"
"""What vscode-languageserver-textdocument made of the stories; `make oracles` asks it again."""
ENCODINGS = tuple(PositionEncodingKind)


def verdicts() -> list[dict[str, list[object]]]:
    return [json.loads(line) for line in VERDICTS.read_text("utf-8").split("\n") if line]


def test_changes_are_those_of_the_library_of_vs_code() -> None:
    for seed, verdict in enumerate(verdicts()):
        told = story(seed)
        document = Document("file:///a.fql", 0, told.text)
        for one, after in zip(told.changes, verdict["after"], strict=True):
            document = document.changed(None, [change(*one)])
            assert document.text == after, seed


def test_positions_are_those_of_the_library_of_vs_code() -> None:
    for seed, verdict in enumerate(verdicts()):
        ruler = Ruler(str(verdict["after"][-1]))
        offsets = [units(ruler.text[:at]) for at in range(len(ruler.text) + 1)]
        mine = [ruler.position(at) for at in range(len(ruler.text) + 1)]
        theirs = [verdict["places"][at] for at in offsets]
        inside = _within_pairs(ruler.text)
        assert [[p.line, p.character] for at, p in enumerate(mine) if at not in inside] == [
            place for at, place in enumerate(theirs) if at not in inside
        ], seed


def _within_pairs(text: str) -> set[int]:
    """Offsets between CR and LF: the library puts them at the end of the line, as we do, or not."""
    return {at for at in range(1, len(text)) if text[at - 1 : at + 1] == "\r\n"}


TEXTS = st.text(st.sampled_from("ab é😀\n\r\u2028\u0085\x0b\ufeff"), max_size=40)


@given(TEXTS, st.sampled_from(ENCODINGS))
def test_every_offset_goes_there_and_back(text: str, encoding: PositionEncodingKind) -> None:
    ruler = Ruler(text, encoding)
    inside = _within_pairs(text)
    for at in range(len(text) + 1):
        if at not in inside:
            assert ruler.offset(ruler.position(at)) == at


@given(TEXTS, st.sampled_from(ENCODINGS), st.integers(0, 60), st.integers(0, 90))
def test_every_position_is_somewhere(
    text: str, encoding: PositionEncodingKind, line: int, column: int
) -> None:
    """After the end of a line is that end, after the last line the end of the text."""
    found = Ruler(text, encoding).offset(Position(line, column))
    lines = lines_of(text)
    before = text[:found]
    assert len(lines_of(before)) - 1 == min(line, len(lines) - 1)
    if line >= len(lines):
        assert found == len(text)


@pytest.mark.parametrize(
    ("encoding", "column"),
    [
        (PositionEncodingKind.Utf8, 12), (PositionEncodingKind.Utf16, 6),
        (PositionEncodingKind.Utf32, 4),
    ],
)  # fmt: skip
def test_columns_count_what_was_agreed_on(encoding: PositionEncodingKind, column: int) -> None:
    text = "x\n\u2028 😀😀y"
    ruler = Ruler(text, encoding)
    assert ruler.position(len(text) - 1) == Position(1, column)
    assert ruler.offset(Position(1, column)) == len(text) - 1


def test_inside_of_a_character_is_before_it() -> None:
    assert Ruler("😀b").offset(Position(0, 1)) == 0
    assert Ruler("éb", PositionEncodingKind.Utf8).offset(Position(0, 1)) == 0


def test_a_line_separator_does_not_end_a_line() -> None:
    """The change that pygls puts into the wrong line."""
    document = Document("file:///a.fql", 1, "# a\u2028b\nend").changed(
        2, [change(1, 0, 1, 3, "END")]
    )
    assert document.text == "# a\u2028b\nEND"
    assert document.version == 2


def test_halves_of_a_character_become_one() -> None:
    document = Document("file:///a.fql", 1, "ab")
    document = document.changed(2, [change(0, 1, 0, 1, "\ud83d")])
    document = document.changed(3, [change(0, 2, 0, 2, "\ude00")])
    assert document.text == "a😀b"
    assert joined("\ud83d") == "\ud83d"


def test_a_byte_order_mark_is_a_column_of_the_editor_and_none_of_the_compiler() -> None:
    document = Document("file:///a.fql", 1, "\ufeffab\r\ncd")
    assert document.source.text == "ab\ncd"
    assert document.offset(Position(0, 2)) == 1
    assert document.range(1, 3).start == Position(0, 2)
    assert document.range(1, 3).end == Position(1, 0)
    assert document.offset(Position(0, 0)) == 0


def test_new_lines_are_spelled_as_the_document_has_them() -> None:
    assert Document("u", 1, "a\r\nb").spelled("x\ny") == "x\r\ny"
    assert Document("u", 1, "ab").spelled("x\ny") == "x\ny"


def test_a_whole_text_replaces_it() -> None:
    from lsprotocol.types import TextDocumentContentChangeWholeDocument as Whole

    document = Document("u", 1, "a").changed(2, [Whole("b\nc"), change(1, 0, 1, 1, "d")])
    assert document.text == "b\nd"


@pytest.mark.parametrize(("text", "is_large"), [("é" * 900_000, False), ("é" * 1_000_001, True)])
def test_large_is_more_than_two_megabytes(text: str, is_large: bool) -> None:
    assert Document("u", 1, text).is_large is is_large
