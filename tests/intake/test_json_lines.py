"""Envelopes from files and pipes."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from tests.outbox.plans import plan

from fql.errors import FqlError
from fql.intake.json_lines import JsonLines
from fql.intake.port import Arrival

PLAN = plan("Order.insert")


async def everything(source: JsonLines) -> list[Arrival]:
    """All arrivals until the source has ended."""
    await source.open(PLAN)
    taken: list[Arrival] = []
    while not source.ended:
        found = await source.fetch(3)
        await source.done(found)
        taken += found
        if not found and not source.ended:
            await source.wait(1)
    taken += await source.fetch(100)
    await source.close()
    return taken


async def test_every_line_is_an_event_at_its_line_number(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text("".join(f'{{"entity": "Order", "n": {n}}}\n' for n in range(10)))
    taken = await everything(JsonLines(str(file)))
    assert [a.envelope["n"] for a in taken] == list(range(10))
    assert [a.position for a in taken] == [str(n) for n in range(1, 11)]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"not json", "line 2 is not JSON"),
        (b"[1, 2]", "line 2 is not a JSON object"),
        (b'{"a": ', "line 2 is not JSON"),
        (b'{"a": NaN}', "line 2 is not JSON: NaN is not a JSON number"),
        (b"\xff\xfe{}", "line 2 is not JSON"),
        (b"[" * 5_000, "line 2 is not JSON"),
    ],
)
async def test_bad_line_is_a_problem_with_its_number_and_the_next_one_comes(
    tmp_path: Path, line: bytes, says: str
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b'{"a": 1}\n' + line + b'\n\n{"a": 2}')
    good, bad, last = await everything(JsonLines(str(file)))
    assert says in bad.problem
    assert bad.position == "2"
    assert (good.envelope, last.envelope) == ({"a": 1}, {"a": 2})
    assert last.position == "4"


async def test_lines_come_again_until_they_are_done(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text('{"a": 1}\n{"a": 2}\n')
    source = JsonLines(str(file))
    await source.open(PLAN)
    await source.wait(1)
    while len(first := await source.fetch(2)) < 2:
        await asyncio.sleep(0.001)
    assert await source.fetch(2) == first
    await source.done(first[:1])
    assert await source.fetch(2) == first[1:]
    await source.close()


async def test_pipe_gives_lines_as_they_come() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream:
        await read_pipe(JsonLines("-", stream=stream), writing)


async def read_pipe(source: JsonLines, writing: int) -> None:
    """One line, then the end."""
    await source.open(PLAN)
    assert await source.fetch(9) == []
    os.write(writing, b'{"a": 1}\n')
    await source.wait(2)
    assert [a.envelope for a in await source.fetch(9)] == [{"a": 1}]
    assert not source.ended
    os.close(writing)
    await source.wait(2)
    await source.fetch(9)
    assert source.ended
    await source.close()


async def test_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FqlError, match="cannot be read: No such file"):
        await JsonLines(str(tmp_path / "none")).open(PLAN)
