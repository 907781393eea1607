"""Envelopes from files and pipes."""

from __future__ import annotations

import asyncio
import bz2
import gzip
import lzma
import os
from pathlib import Path

import pytest
from tests.outbox.plans import plan

from fql.errors import FqlError
from fql.intake import json_lines
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


async def test_a_line_beyond_the_limit_is_one_refused_line_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_lines, "MAX_LINE", 100)
    file = tmp_path / "events.jsonl"
    at_limit = b'{"a": "' + b"x" * 91 + b'"}'
    for longer in (at_limit + b" ", b'{"a": "' + b"y" * 1_000 + b'"}', b"[" * 301):
        file.write_bytes(at_limit + b"\n" + longer + b'\n{"a": 2}\n')
        good, bad, last = await everything(JsonLines(str(file)))
        assert (good.problem, last.envelope, last.position) == ("", {"a": 2}, "3")
        assert "line 2 is longer than" in bad.problem


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (gzip.compress(b'{"a": 1}\n' * 9, mtime=0), "this is gzip"),
        (bz2.compress(b'{"a": 1}\n' * 9), "this is bzip2"),
        (lzma.compress(b'{"a": 1}\n' * 9), "this is xz"),
        ('{"a": 1}\n{"a": 2}\n'.encode("utf-16"), "this is UTF-16"),
        ('{"a": 1}\n{"a": 2}\n'.encode("utf-16-le"), "this is UTF-16"),
        ('{"a": 1}\n{"a": 2}\n'.encode("utf-16-be"), "this is UTF-16"),
        ('{"a": 1}\n{"a": 2}\n'.encode("utf-32"), "this is UTF-32"),
        (b"SQLite format 3\x00\n\n\n", "this is a SQLite database"),
    ],
)
async def test_a_file_that_has_no_lines_is_refused_once(
    tmp_path: Path, content: bytes, says: str
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(content)
    (only,) = await everything(JsonLines(str(file)))
    assert says in only.problem


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('[{"entity": "Order"}]', "jq -c '.[]' FILE"),
        ("[", "jq -c '.[]' FILE"),
        ("{", "each event is on one line"),
        ('{"specversion": "1.0", "type": "a", "source": "/", "id": "1"}', "a CloudEvent"),
        ('{"payload": {"op": "c", "source": {}, "after": {}}}', "a Debezium change"),
        ('{"op": "c", "source": {}, "after": {}}', "a Debezium change"),
        ('{"table": {}, "event": {"op": "INSERT", "data": {}}}', "a Hasura event"),
        ('{"type": "INSERT", "table": "t", "record": {}}', "a Supabase webhook"),
        ('{"object": "event", "type": "charge.paid"}', "a Stripe event"),
    ],
)
def test_other_forms_of_events_get_a_hint(line: str, says: str) -> None:
    assert says in json_lines.arrival(line.encode(), 1).problem


def test_an_envelope_is_never_taken_for_another_form() -> None:
    line = '{"entity": "Order", "event": "insert", "specversion": "1", "type": "x", "new": {}}'
    assert json_lines.arrival(line.encode(), 1).problem == ""


async def test_a_named_pipe_can_be_left_before_anybody_writes(tmp_path: Path) -> None:
    """Neither opening it nor a read of it holds up the end."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    source = JsonLines(str(pipe))
    async with asyncio.timeout(5):
        await source.open(PLAN)
        await source.wait(0.05)
        assert await source.fetch(1) == []
        await source.close()


async def test_a_named_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    source = JsonLines(str(pipe))
    reading = asyncio.create_task(everything(source))
    await asyncio.to_thread(pipe.write_bytes, b'{"a": 1}\n{"a": 2}\n')
    async with asyncio.timeout(5):
        assert [a.envelope["a"] for a in await reading] == [1, 2]
