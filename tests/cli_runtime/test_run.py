"""`fqlc run` as a process: events in, requests at a real receiver, a summary and an exit code."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.cli_runtime.conftest import Fqlc
from tests.cli_runtime.shop import SOURCE, lines, paid, write_project

from fql.testing.server import MockWebhookServer

IDLE = ("run", "shop.fql", "--until-idle", "--timeout", "20s", "--format", "json")


@pytest.fixture
def server() -> Iterator[MockWebhookServer]:
    """A receiver."""
    with MockWebhookServer() as receiver:
        yield receiver


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`fqlc run` in the background; killed at the latest at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "fqlc", "run", "shop.fql", *arguments],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ready(process: subprocess.Popen[str]) -> None:
    """Wait for the line that says so."""
    assert process.stderr is not None
    for line in process.stderr:
        if "ready" in line:
            return
    pytest.fail("fqlc run ended before it was ready")


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_events_of_a_file_become_requests_in_order(
    tmp_path: Path, process: Fqlc, server: MockWebhookServer
) -> None:
    write_project(tmp_path, server.url)
    (tmp_path / "e.jsonl").write_text(lines(paid(1, id="a"), paid(2, id="b")))
    done = process(*IDLE, "--events", "e.jsonl")
    assert done.code == 0, done.err
    (summary,) = done.lines
    assert summary["events"] == summary["runs"] == summary["done"] == 2
    assert summary["dead"] == summary["left"] == 0
    paths = [request.path for request in server.requests]
    for number in (1, 2):
        assert paths.index(f"/stock/{number}") < paths.index(f"/books/{number}")


def test_same_file_again_sends_nothing(
    tmp_path: Path, process: Fqlc, server: MockWebhookServer
) -> None:
    write_project(tmp_path, server.url)
    (tmp_path / "e.jsonl").write_text(lines(paid(1, id="a"), paid(2, key="b")))
    process(*IDLE, "--events", "e.jsonl")
    server.clear()
    (summary,) = process(*IDLE, "--events", "e.jsonl").lines
    assert (summary["duplicates"], summary["runs"]) == (2, 0)
    assert not server.called


def test_store_name_and_source_of_the_settings(
    tmp_path: Path, process: Fqlc, server: MockWebhookServer
) -> None:
    settings = """
[project]
name = "corner_shop"
[store]
url = "sqlite:///state.db"
[sources.feed]
kind = "json_lines"
path = "feed.jsonl"
"""
    write_project(tmp_path, server.url, settings=settings)
    (tmp_path / "feed.jsonl").write_text(lines(paid(1)))
    done = process(*IDLE)
    assert "corner_shop: 1 observer, ready" in done.err
    assert server.call_count == 2
    assert (tmp_path / "state.db").exists()
    assert not (tmp_path / "fql.db").exists()


CALLS = """
CALLED = []
def note(order, total):
    with open("called.txt", "a") as file:
        file.write(f"{order} {total!r}\\n")
CALLS = {"books.note": note}
"""
CALLING = """
entity Order { id: ID @key  total: Decimal }
observer paid { on: Order.insert
  call note { function: books.note arguments: { order: id, total } } }
"""


def test_functions_of_the_settings_are_called(tmp_path: Path, process: Fqlc) -> None:
    """The module is found beside fql.toml; what is wrong with it is said without a traceback."""
    (tmp_path / "shop.fql").write_text(CALLING)
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "calls.py").write_text(CALLS)
    event = {"entity": "Order", "event": "insert", "new": {"id": "o1", "total": "2.50"}}
    (tmp_path / "events.jsonl").write_text(json.dumps(event) + "\n")
    settings = tmp_path / "fql.toml"
    for place, said in (
        ("books.calls:NONE", "the module books.calls has no NONE"),
        ("books.calls:CALLED", "has list as its CALLED"),
        ("books.none:CALLS", "cannot be imported: ModuleNotFoundError"),
        ("books", "is not `module:NAME`"),
    ):
        settings.write_text(f'[project]\ncalls = "{place}"\n')
        done = process(*IDLE, "--events", "events.jsonl")
        assert (done.code != 0, said in done.err, "Traceback" in done.err) == (True, True, False)
    settings.write_text("")
    done = process(*IDLE, "--events", "events.jsonl")
    assert "functions that were not given: books.note (for action paid.note)" in done.err
    settings.write_text('[project]\ncalls = "books.calls:CALLS"\n')
    process(*IDLE, "--events", "events.jsonl")
    assert (tmp_path / "called.txt").read_text() == "o1 Decimal('2.50')\n"


def test_dead_letters_are_copied_to_a_file_beside_the_settings(
    tmp_path: Path, process: Fqlc, server: MockWebhookServer
) -> None:
    server.always(404)
    settings = '[webhooks.dlq]\nbackend = "file"\npath = "given_up/letters.jsonl"\n'
    write_project(tmp_path, server.url, settings=settings)
    (tmp_path / "events.jsonl").write_text(lines(paid(1)))
    process(*IDLE, "--events", "events.jsonl")
    [line] = (tmp_path / "given_up" / "letters.jsonl").read_text().splitlines()
    entry = json.loads(line)
    [listed] = process("dlq", "list", "--format", "json").lines
    assert {**entry, "written_at": ""} == {**listed, "written_at": ""}


def test_standard_input(tmp_path: Path, process: Fqlc, server: MockWebhookServer) -> None:
    write_project(tmp_path, server.url)
    done = process(*IDLE, "--events", "-", stdin=lines(paid(7)))
    assert done.code == 0, done.err
    assert [request.path for request in server.requests] == ["/stock/7", "/books/7"]


def test_what_was_not_taken_is_said(
    tmp_path: Path, process: Fqlc, server: MockWebhookServer
) -> None:
    """Nothing that was handed in disappears without a word."""
    write_project(tmp_path, server.url)
    other = {"entity": "Invoice", "event": "insert", "new": {"id": 1}}
    (tmp_path / "e.jsonl").write_text(lines(paid(1), other, "not json"))
    done = process("run", "--until-idle", "--events", "e.jsonl")
    assert done.out.splitlines() == [
        "1 event, 1 run: 1 done, 0 dead, 0 left"
        " (1 refused: see fqlc dlq list, 1 of an entity that the plan does not know)"
    ]


def test_bad_line_is_a_dead_letter_with_its_number(
    tmp_path: Path, process: Fqlc, server: MockWebhookServer
) -> None:
    write_project(tmp_path, server.url)
    wrong = {"entity": "Order", "event": "update", "old": {}, "new": {"id": "x"}}
    (tmp_path / "e.jsonl").write_text(lines(paid(1), "not json", wrong, paid(2)))
    done = process(*IDLE, "--events", "e.jsonl")
    assert done.lines[0]["runs"] == 2
    letters = process("dlq", "list", "--format", "json").lines
    assert [letter["class"] for letter in letters] == ["capture", "capture"]
    assert any("line 2 is not JSON" in str(letter["reason"]) for letter in letters)


def test_a_line_that_no_store_can_hold_does_not_stop_those_behind_it(
    tmp_path: Path, process: Fqlc, server: MockWebhookServer
) -> None:
    """Half a surrogate pair is legal JSON and no text; a thousand brackets are too deep; an
    integer of ninety digits is wider than 64 bits."""
    write_project(tmp_path, server.url)
    half = '"\\ud800"'
    rests = (
        f'"new": {{"id": 1, "status": {half}}}, "old": {{}}',
        f'"new": {{"id": {half}, {half}: 1}}, "old": {{}}',
        f'"new": {{"id": 1}}, "key": {half}',
        f'"new": {{"id": "x", "deep": {"[" * 400 + "]" * 400}}}',
        f'"new": {{"id": "x", "wide": {"9" * 90}}}',
    )
    head = '"entity": "Order", "event": "update"'
    wrong = [f'{{{head}, "id": "h{number}", {rest}}}' for number, rest in enumerate(rests)]
    wrong += [f'{{"entity": {half}, "event": {half}, "id": {half}}}']
    (tmp_path / "e.jsonl").write_text(lines(*wrong, paid(2)))
    done = process(*IDLE, "--events", "e.jsonl")
    assert (done.code, done.lines[0]["done"]) == (0, 1)
    letters = process("dlq", "list", "--format", "json").lines
    assert {letter["class"] for letter in letters} == {"capture"}
    assert len(letters) == len(wrong)
    # Whose line can be read keeps its id; the others are kept as the text that came.
    assert {letter["event_id"] for letter in letters} == {"h4", ""}
    for letter in letters:
        assert process("dlq", "show", str(letter["dlq_id"])).code == 0


def test_what_was_refused_fails_a_run_that_asks(
    tmp_path: Path, process: Fqlc, server: MockWebhookServer
) -> None:
    write_project(tmp_path, server.url)
    (tmp_path / "e.jsonl").write_text("no event\n")
    assert process(*IDLE, "--events", "e.jsonl").code == 0
    (tmp_path / "e.jsonl").write_bytes(b"\x1f\x8b\n\n\n")
    assert process(*IDLE, "--events", "e.jsonl", "--fail-on-dead").code == 1


TWO = """
entity Order from "orders" { id: Int @key }
endpoint shop { url: "%s" retry: { max_attempts: 1 } }
observer paid {
  on: Order.insert
  webhook one { endpoint: shop path: "/one" body: { id } }
  webhook two { endpoint: shop path: "/two" body: { id } }
  flow { [one, two] }
}
"""


def test_a_run_that_is_dead_between_two_replays_is_not_dead_at_the_end(
    tmp_path: Path, process: Fqlc, server: MockWebhookServer
) -> None:
    """The first replay ends the run as dead; the second, a while later, as done. What was dead
    before and stays so is not what this engine is asked about either."""
    write_project(tmp_path, server.url, source=TWO)
    server.always(503)
    orders = [{"entity": "Order", "event": "insert", "new": {"id": number}} for number in (1, 2)]
    (tmp_path / "e.jsonl").write_text(lines(*orders))
    assert process(*IDLE, "--events", "e.jsonl").code == 0
    server.always(200)
    row = ("--row", "Order 1")
    assert process("dlq", "replay", *row, "--rate", "1").code == 0
    done = process(*IDLE, "--fail-on-dead")
    summary = done.lines[-1]
    assert (done.code, summary["dead"], summary["replayed"]) == (0, 1, 2), done.err
    assert len(process("dlq", "list", "--format", "json").lines) == 2


def test_dead_letters_end_with_0_or_with_1_if_asked_and_are_replayed(
    tmp_path: Path, process: Fqlc, server: MockWebhookServer
) -> None:
    write_project(tmp_path, server.url)
    server.always(503)
    (tmp_path / "e.jsonl").write_text(lines(paid(1, id="a")))
    assert process(*IDLE, "--events", "e.jsonl").code == 0
    (tmp_path / "e.jsonl").write_text(lines(paid(2, id="b")))
    assert process(*IDLE, "--events", "e.jsonl", "--fail-on-dead").code == 1
    server.always(200)
    letters = process("dlq", "list", "--format", "json").lines
    assert [letter["action"] for letter in letters] == ["stock", "stock"]
    replayed = process("dlq", "replay", str(letters[0]["dlq_id"]), "--format", "json")
    assert [line["dlq_id"] for line in replayed.lines] == [letters[0]["dlq_id"]]
    server.clear()
    assert process(*IDLE).code == 0
    assert len(server.requests) == 2
    assert len(process("dlq", "list", "--format", "json").lines) == 1


def test_missing_secrets_are_named_together(tmp_path: Path, process: Fqlc) -> None:
    source = SOURCE.replace(
        "timeout: 2s", 'timeout: 2s headers: { "X-A": "${SHOP_A}", "X-B": "${SHOP_B}" }'
    )
    write_project(tmp_path, "http://127.0.0.1:9080", source=source)
    done = process(*IDLE)
    assert done.code == 3
    assert "SHOP_A" in done.err
    assert "SHOP_B" in done.err


def test_sources_with_errors_end_with_1_and_their_diagnostics(
    tmp_path: Path, process: Fqlc
) -> None:
    write_project(tmp_path, "http://127.0.0.1:9080", source=SOURCE.replace("total }", "totl }"))
    done = process(*IDLE)
    assert done.code == 1
    assert "FQL201" in done.err


def test_time_that_is_over_is_3(tmp_path: Path, process: Fqlc, server: MockWebhookServer) -> None:
    source = SOURCE.replace("initial_delay: 20ms", "initial_delay: 60s, max_delay: 60s")
    write_project(tmp_path, server.url, source=source)
    server.always(503)
    (tmp_path / "e.jsonl").write_text(lines(paid(1)))
    done = process("run", "shop.fql", "--until-idle", "--timeout", "1s", "--events", "e.jsonl")
    assert done.code == 3
    assert "given by --timeout is over" in done.err


def test_second_engine_on_a_store_names_the_first(
    tmp_path: Path, process: Fqlc, server: MockWebhookServer
) -> None:
    write_project(tmp_path, server.url)
    with running(tmp_path) as first:
        ready(first)
        done = process(*IDLE)
        assert done.code == 3
        assert str(first.pid) in done.err


def test_sigterm_drains_and_ends_with_0(
    tmp_path: Path, process: Fqlc, server: MockWebhookServer
) -> None:
    write_project(tmp_path, server.url)
    with running(tmp_path) as engine:
        ready(engine)
        (tmp_path / "e.json").write_text(lines(paid(1)))
        assert process("emit", "e.json").code == 0
        assert server.wait_for(2, 30)
        engine.send_signal(signal.SIGTERM)
        out, err = engine.communicate(timeout=30)
        assert engine.returncode == 0, err
        assert "1 run: 1 done" in out


def test_sighup_takes_the_new_plan(
    tmp_path: Path, process: Fqlc, server: MockWebhookServer
) -> None:
    write_project(tmp_path, server.url)
    with running(tmp_path) as engine:
        ready(engine)
        write_project(tmp_path, server.url, source=SOURCE.replace("/stock/", "/later/"))
        engine.send_signal(signal.SIGHUP)
        assert engine.stderr is not None
        assert any("reloaded" in line for line in engine.stderr)
        (tmp_path / "e.json").write_text(lines(paid(1)))
        process("emit", "e.json")
        assert server.wait_for(2, 30)
        assert server.requests[0].path == "/later/1"


def test_rows_of_a_table_survive_kill_9(
    tmp_path: Path, process: Fqlc, server: MockWebhookServer
) -> None:
    """Every row changed before, during and after the kills is delivered, with one key each."""
    settings = '[sources.shop]\nkind = "sqlite"\ndatabase = "shop.db"\n'
    write_project(tmp_path, server.url, settings=settings)
    db = sqlite3.connect(tmp_path / "shop.db", isolation_level=None, timeout=20)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = OFF")
    db.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, status TEXT, total NUMERIC)")
    assert process("capture", "install", "shop.fql").code == 0
    for round_ in range(3):
        with running(tmp_path) as engine:
            ready(engine)
            for number in range(round_ * 100, round_ * 100 + 100):
                db.execute("INSERT INTO orders VALUES (?, 'new', 9.9)", (number,))
                db.execute("UPDATE orders SET status = 'paid' WHERE id = ?", (number,))
            until(lambda round_=round_: server.call_count > round_ * 200 + 20)  # type: ignore[misc]
    done = process(*IDLE)
    assert done.code == 0, done.err
    db.close()
    keys: dict[str, set[str]] = {}
    for request in server.requests:
        keys.setdefault(request.path, set()).add(request.key)
    assert len(keys) == 600
    assert all(len(found) == 1 for found in keys.values())


def test_all_missing_names_of_settings_and_plan_are_told_at_once(tmp_path: Path) -> None:
    """Nobody sets them one after the other to find the next."""
    (tmp_path / "shop.fql").write_text(
        'entity A { id: ID @key }\nendpoint e { url: "${URL1}" }\n'
        'observer o { on: A.insert  webhook w { endpoint: e, path: "/", body: { id } } }\n'
    )
    (tmp_path / "fql.toml").write_text(
        '[webhooks]\ntest_url = "${T1}"\n[webhooks.signing]\nsecret = "${SIG1}"\n'
        '[store]\nurl = "sqlite:///${PATH1}.db"\n'
    )
    with running(tmp_path) as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "4 names are not set: PATH1 (" in said
    assert "looked for in the environment, the file that NAME_FILE names, /run/secrets/NAME" in said
    assert all(name in said for name in ("SIG1 (", "T1 (", "URL1 (used by endpoint e)"))
