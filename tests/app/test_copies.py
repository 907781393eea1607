"""The `file` backend of the dead letter queue: `backend, path, rotation, compress`."""

from __future__ import annotations

import gzip
import os
import stat
from datetime import date
from pathlib import Path

import orjson

from fql.app import Runtime
from fql.store.letter_files import LetterFile
from fql.testing import MockWebhookServer
from tests.app.plans import CHAIN, order, plan_of, settings_of

DAY = 86_400


def lines(path: Path) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


async def test_dead_letters_are_copied_and_closed(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    file = tmp_path / "dead" / "letters.jsonl"
    settings = settings_of(f'[webhooks.dlq]\nbackend = "file"\npath = "{file}"\n')
    webhook_server.reply(503)
    async with Runtime(
        plan_of(CHAIN), store="memory:", settings=settings,
        environment={"RECEIVER": webhook_server.url}, listeners=(),
    ) as runtime:  # fmt: skip
        await runtime.emit("Order.insert", new=order(1))
        await runtime.until_idle(5)
        await runtime.replay(observer="placed")
        await runtime.until_idle(5)
    first, last = lines(file)
    assert (first["observer"], first["class"]) == ("placed", "exhausted")
    assert first["attempts"][0]["status"] == 503  # type: ignore[index]
    assert last == {"dlq_id": first["dlq_id"], "closed": "resolved"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_what_a_killed_process_did_not_copy_is_copied_at_the_next_start(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    file = tmp_path / "letters.jsonl"
    store = f"sqlite:///{tmp_path}/s.db"
    webhook_server.reply(503)
    for text in ("", f'[webhooks.dlq]\nbackend = "file"\npath = "{file}"\n') * 2:
        async with Runtime(
            plan_of(CHAIN), store=store, settings=settings_of(text),
            environment={"RECEIVER": webhook_server.url}, listeners=(),
        ) as runtime:  # fmt: skip
            await runtime.emit("Order.insert", new=order(1), key="once")
            await runtime.until_idle(5)
    assert len(lines(file)) == 1, "copied once, and not again"


def written_yesterday(path: Path) -> None:
    past = path.stat().st_mtime - DAY
    os.utime(path, (past, past))


def test_rotation_at_midnight(tmp_path: Path) -> None:
    today = date.today()
    file = LetterFile(tmp_path / "dead.jsonl")
    for number in range(3):
        file.append([{"n": number}], today)
        written_yesterday(file.path)
    packed = sorted(tmp_path.glob("dead-*.jsonl.gz"))
    assert len(packed) == 2
    contents = {gzip.decompress(path.read_bytes()) for path in packed}
    assert contents == {b'{"n":0}\n', b'{"n":1}\n'}
    assert lines(file.path) == [{"n": 2}]


def test_without_rotation_or_compression(tmp_path: Path) -> None:
    one = LetterFile(tmp_path / "one.jsonl", rotate=False)
    plain = LetterFile(tmp_path / "plain.jsonl", compress=False)
    for file in (one, plain):
        for number in range(2):
            file.append([{"n": number}], date.today())
            written_yesterday(file.path)
    assert len(lines(one.path)) == 2
    [rotated] = tmp_path.glob("plain-*.jsonl")
    assert lines(rotated) == [{"n": 0}]


def test_a_torn_last_line_is_skipped(tmp_path: Path) -> None:
    file = LetterFile(tmp_path / "dead.jsonl")
    file.append([{"dlq_id": "a", "failed_at": "t"}], date.today())
    with file.path.open("ab") as handle:
        handle.write(b'{"dlq_id": "b"')
    assert file.copied() == {("a", "t")}
