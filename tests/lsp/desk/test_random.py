"""After any edits the server knows what a server would know that has just begun."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from fqlc.lsp.desk import Desk
from fqlc.lsp.places import Here, View
from fqlc.lsp.session import Published
from fqlc.lsp.words import wording
from fqlc.lsp.words.showing import Manner, shown
from fqlc.services.completion.complete import complete
from fqlc.services.findings import findings
from fqlc.services.symbols import outline
from fqlc.services.tokens import tokens
from tests.lsp.conftest import MODEL, SHOP
from tests.lsp.texts import change, lines_of, units

PIECES = (
    "}",
    "{",
    '"',
    "\n",
    "\r\n",
    "status",
    "😀",
    " ",
    "{{ ",
    "#",
    "\u2028",
    "observer x ",
    ":",
)


class Told:
    """What a desk has published, the last of each text."""

    def __init__(self) -> None:
        self.faults: list[Exception] = []
        self.last: dict[str, tuple[int | None, int]] = {}

    def publish(self, view: View, news: tuple[Published, ...]) -> None:
        for one in news:
            version = one.version
            before = self.last.get(one.uri, (None, 0))[0]
            assert version is None or before is None or version >= before
            self.last[one.uri] = (version, len(one.findings.findings))

    def fault(self, what: str, error: Exception) -> None:
        self.faults.append(error)


def answers(here: Here, offset: int) -> tuple[object, ...]:
    """What an editor would see."""
    told = shown(here.view, findings(here.snapshot, here.path), Manner(related=True, tags=True))
    return (
        told,
        wording.tokens(here, tokens(here.snapshot, here.path)),
        wording.outline(here.view, outline(here.snapshot, here.path)),
        wording.completions(here, complete(here.snapshot, here.path, offset), snippets=True),
    )


def some_place(random: Random, text: str) -> tuple[int, int]:
    lines = lines_of(text)
    line = random.randrange(len(lines))
    return line, units(lines[line][: random.randrange(len(lines[line]) + 1)])


@pytest.mark.parametrize("seed", range(3))
async def test_edited_as_if_fresh(shop: Path, seed: int) -> None:
    random, told = Random(seed), Told()
    desk = Desk(told.publish, told.fault)
    uris = [(shop / name).as_uri() for name in ("shop.fql", "model.fql")]
    for uri, text in zip(uris, (SHOP, MODEL), strict=True):
        desk.open(uri, 0, text)
    for version in range(1, 13):
        uri = random.choice(uris)
        text = desk.documents[desk.place(uri).key].text
        start, end = sorted((some_place(random, text), some_place(random, text)))
        end = start if random.random() < 0.7 else end
        put = random.choice(PIECES) if version % 6 else (SHOP, MODEL)[uris.index(uri)]
        start, end = (start, end) if version % 6 else ((0, 0), (9_999, 0))
        desk.change(uri, version, [change(*start, *end, put)])
        await desk.here(uri, desk.documents)
        if version % 3 == 0:
            await _same_as_fresh(desk, uris, random)
    assert told.faults == []
    versions = {d.uri: d.version for d in desk.documents.values()}
    assert {uri: told.last[uri][0] for uri in uris} == versions


async def _same_as_fresh(desk: Desk, uris: list[str], random: Random) -> None:
    fresh, ignored = Desk(lambda *_: None, lambda *_: None), desk.documents
    for uri in uris:
        document = ignored[desk.place(uri).key]
        fresh.open(uri, document.version, document.text)
    for uri in uris:
        desk.hurry(uri)
        mine = await desk.here(uri, desk.documents, current=True)
        theirs = await fresh.here(uri, fresh.documents, current=True)
        offset = random.randrange(len(mine.source.text) + 1)
        assert answers(mine, offset)[0] == answers(theirs, offset)[0]
        assert answers(mine, offset)[1:3] == answers(theirs, offset)[1:3]
