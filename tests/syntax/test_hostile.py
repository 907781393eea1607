"""Any bytes at all: never an exception, time in proportion."""

from __future__ import annotations

import random
import time

import pytest

from fqlc.diagnostics.sink import Sink
from fqlc.source.files import LONGEST_SOURCE
from fqlc.syntax.parsing.sources import read_source
from fqlc.syntax.printing.files import format_text
from tests.syntax.help import parse

_PROGRAM = """\
import "shared.fql"
enum S { a, b }
\"\"\"Doc.\"\"\"
entity Order from "o" { id: UUID @key  total: Decimal?  tags: [String] }
let big = 1_000.5
observer o {
  on: [Order.insert, Order.update]  # both
  when: status.changed() && (total ?? 0 > big || !(a in ["x", 'y']))
  webhook w { url: "https://x/{{ id }}" body: { id, x: each { a, ...b }, "k": -1 } timeout: 5s }
  flow { w -> [x, y] w else z }
}
"""
_PIECES = [
    "{", "}", "[", "]", "(", ")", ":", ",", ".", "?.", "->", "..", "...", "=", "!", "-", "||", "==",
    "in", "not in", "not", "and", "is", "None", "flow", "observer", "entity", "let", "import", "a",
    '"t"', "'u'", '"""d"""', '"open', '"""', "5s", "07", "\n", "\n\n", "# c\n", "each", "else", "@",
    "true", ";", "//", "/*", "&", "=>", "http://x", "\u00e4", "\\", "$", "FQL", "\t", "type",
    "enum",
]  # fmt: skip


def _read(text: str) -> None:
    """Parse and format; whatever comes is data."""
    file, found = parse(text)
    assert all(0 <= d.span.start <= d.span.end <= len(text) for d in found)
    assert all(d.message and d.code.startswith("FQL") for d in found)
    assert file.span.end == len(text)


@pytest.mark.parametrize("seed", range(15))
def test_random_tokens(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(20):
        text = " ".join(chance.choices(_PIECES, k=chance.randint(1, 80)))
        _read(text)
        formatted = format_text(text)
        assert format_text(formatted) == formatted, text


@pytest.mark.parametrize("seed", range(15))
def test_mutations_of_a_program(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(20):
        text = _PROGRAM
        for _ in range(chance.randint(1, 4)):
            a = chance.randrange(len(text))
            b = min(len(text), a + chance.choice([0, 1, 1, 5, 40]))
            text = text[:a] + chance.choice(["", "", *_PIECES]) + text[b:]
        _read(text)
        formatted = format_text(text)
        assert format_text(formatted) == formatted, text


@pytest.mark.parametrize("seed", range(10))
def test_random_bytes(seed: int) -> None:
    chance = random.Random(seed)
    for size in (1, 10, 100, 1_000):
        sink = Sink()
        source = read_source("t.fql", chance.randbytes(size), sink)
        assert (source is None) == bool(sink.found)
        _read("".join(map(chr, chance.choices(range(0x3000), k=size))))


@pytest.mark.parametrize(
    ("data", "word"),
    [(b"\xff\xfe", "UTF-8"), (b"a\0b", "NUL"), (b" " * (LONGEST_SOURCE + 1), "too large")],
)
def test_what_is_no_source_is_one_diagnostic(data: bytes, word: str) -> None:
    sink = Sink()
    assert read_source("t.fql", data, sink) is None
    (found,) = sink.found
    assert found.code == "FQL110"
    assert word in found.message


def test_a_byte_order_mark_is_left_out() -> None:
    source = read_source("t.fql", "\ufefflet a = 1".encode(), Sink())
    assert source is not None
    assert source.text == "let a = 1"


@pytest.mark.parametrize(
    "piece",
    ["[", "{", '"', "#", "'", '"""', '"""\\', "}", "a ", "observer a {\n", "let x\n", "a = ", "!",
     "foo{}", "webhook {", "a:", "# c\n", '\\"""\nentity a\n', "/*", "1_", "not ",
     "a in (1,2) && "],
)  # fmt: skip
def test_time_grows_with_the_size_only(piece: str) -> None:
    """Ten times the input may take no more than some thirty times the time; quadratic is 100."""
    small, large = (_seconds(piece * (size // len(piece))) for size in (6_000, 60_000))
    assert large < 0.05 + 30 * small


@pytest.mark.parametrize(
    "piece",
    ["a:", "a:\n  ", "retry:\n    a: 1\n", "\n  b: - a", "5xx ", "= ", "≥ ", "a: 5xx, ",
     "webhook a:\n", "x = None ", "a AS b ", "(a=1", "enum ", "$ ", "'", "- a: 1\n    "],
)  # fmt: skip
def test_so_it_does_inside_of_a_block(piece: str) -> None:
    small, large = (
        _seconds(f"observer o {{\n  on:{piece * (size // len(piece))}") for size in (3_000, 30_000)
    )
    assert large < 0.05 + 30 * small


def _seconds(text: str) -> float:
    best = 1e9
    for _ in range(2):
        start = time.process_time()
        parse(text)
        best = min(best, time.process_time() - start)
    return best
