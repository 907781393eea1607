"""One token of a real program dropped, doubled, misspelt, swapped or replaced: mostly one message,
on its line, and hardly ever a flood."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

from fql_grammar.tokens import TOKEN_PATTERN
from fqlc.pipeline import check_project

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/*.fql"))
TOKEN = re.compile(TOKEN_PATTERN)
OTHERS = ('"x"', "5", "null", "[]", "{", "}", ")", "true", "5s", "foo", "==", "@", ";")
SLIPS = 600


def tokens(text: str) -> list[tuple[int, int]]:
    """The stretches of all tokens but comments."""
    found = ((m.lastgroup or "", m) for m in TOKEN.finditer(text))
    return [m.span(kind) for kind, m in found if kind not in ("END", "COMMENT")]


def slip(rng: random.Random) -> tuple[str, int]:
    """A program with one slip, and the line of it."""
    text = rng.choice(EXAMPLES).read_text(encoding="utf-8")
    places = tokens(text)
    index = rng.randrange(len(places) - 1)
    (start, end), (then, last) = places[index : index + 2]
    word = text[start:end]
    cut = rng.randrange(1, max(len(word) - 1, 2))
    turned = word[:cut] + word[cut : cut + 2][::-1] + word[cut + 2 :]
    changed = rng.choice([
        text[:start] + text[end:],
        text[:end] + " " + word + text[end:],
        text[:start] + turned + text[end:],
        text[:start] + text[then:last] + text[end:then] + word + text[last:],
        text[:start] + rng.choice(OTHERS) + text[end:],
    ])  # fmt: skip
    return changed, text.count("\n", 0, start) + 1


def outcome(rng: random.Random) -> str:
    """How a slip is answered."""
    text, line = slip(rng)
    checked = check_project(["case.fql"], {"case.fql": text.encode()}.get)
    lines = [checked.sources[d.span.path].position(d.span.start).line for d in checked.diagnostics]
    if not lines:
        return "none"
    if len(lines) > 2:
        return "flood"
    return "right" if lines == [line] else "near"


def test_one_slip_is_one_message_on_its_line() -> None:
    """Of three slips that are found more than two; three messages or more for fewer than one of
    fourteen. Before brackets were mended it was 63 and 12 of 100."""
    rng = random.Random(7)
    seen = Counter(outcome(rng) for _ in range(SLIPS))
    found = seen.total() - seen["none"]
    assert seen["right"] > found * 0.7, seen
    assert seen["flood"] < found * 0.07, seen
