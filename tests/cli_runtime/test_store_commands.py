"""`emit`, `runs`, `dlq`, `trace`, `pause`: what is in a store, and orders to its engine."""

from __future__ import annotations

import asyncio
import getpass
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cli_runtime.conftest import Fqlc
from tests.cli_runtime.shop import SETTINGS, SOURCE, lines, paid

from fql import blocking
from fql.app import Runtime
from fql.engine.process.receipts import Summary
from fql.intake.json_lines import JsonLines
from fql.plan.model import Plan
from fql.plan.stored.codec import read_plan
from fql.plan.web.addresses import EgressSettings
from fql.settings.reading import Settings, read_settings
from fql.testing import Reply
from fql.testing.server import MockWebhookServer
from fqlc.checks.model import Surroundings
from fqlc.pipeline import check_project, plan_of


@pytest.fixture
def server() -> Iterator[MockWebhookServer]:
    """A receiver."""
    with MockWebhookServer() as receiver:
        yield receiver


def compiled(url: str, source: str = SOURCE) -> Plan:
    """The plan of the shop."""
    text = (source % url).encode()
    loopback = Surroundings(egress=EgressSettings(("127.0.0.1/32",)))
    checked = check_project(("shop.fql",), lambda _path: text, loopback)
    data = plan_of(checked)
    assert data is not None, checked.diagnostics
    return read_plan(data)


class Shop:
    """A store in the test's folder, and an engine on it when asked."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.plan = compiled(url)
        self.settings: Settings = read_settings(SETTINGS)

    def run(self, *envelopes: object) -> Summary:
        """Run the engine until everything has ended."""
        file = self.folder / "events.jsonl"
        file.write_text(lines(*envelopes))

        async def work() -> Summary:
            store = f"sqlite:///{self.folder / 'fql.db'}"
            async with Runtime(
                self.plan, store=store, settings=self.settings, sources=[JsonLines(str(file))]
            ) as runtime:
                return await runtime.until_idle(20)

        return asyncio.run(work())


@pytest.fixture
def shop(tmp_path: Path, server: MockWebhookServer, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop without an `egress` problem: settings as the commands find them."""
    (tmp_path / "fql.toml").write_text(SETTINGS)
    monkeypatch.setattr("fql.cli.stored.stores.TAKEN_SECONDS", 0.05)
    return Shop(tmp_path, server.url)


def test_runs_are_listed_with_the_states_of_their_actions(shop: Shop, fqlc: Fqlc) -> None:
    shop.run(paid(1, id="evt-1"), paid(2, id="evt-2"))
    found = fqlc("runs", "list", "--format", "json").lines
    assert [run["event_id"] for run in found] == ["evt-2", "evt-1"]
    assert found[0]["state"] == "done"
    assert found[0]["nodes"] == [
        {"name": "stock", "state": "done", "attempts": 1},
        {"name": "books", "state": "done", "attempts": 1},
    ]
    assert set(found[0]) >= {"run", "observer", "event_id", "state", "started_at", "ended_at"}
    assert "stock done, books done" in fqlc("runs").out
    assert fqlc("runs", "list", "--event", "evt-1", "--format", "json").lines == [found[1]]
    assert fqlc("runs", "list", "--state", "dead", "--format", "json").lines == []


def test_trace_tells_every_attempt(shop: Shop, fqlc: Fqlc, server: MockWebhookServer) -> None:
    server.reply(503)
    shop.run(paid(1, id="evt-1"))
    (story,) = fqlc("trace", "evt-1", "--format", "json").lines
    assert json.dumps(story).count('"status": 503') == 1
    text = fqlc("trace", "evt-1").out
    assert "Order.update evt-1" in text
    assert "1. " in text
    assert "503" in text
    assert fqlc("trace", "nobody").code == 2


def test_dead_letter_shows_what_a_person_needs(
    shop: Shop, fqlc: Fqlc, server: MockWebhookServer
) -> None:
    server.always(503)
    shop.run(paid(1, id="evt-1"))
    (letter,) = fqlc("dlq", "list", "--format", "json").lines
    assert set(letter) >= {
        "dlq_id", "observer", "action", "run", "entity", "event", "event_id", "class", "reason",
        "failed_at", "attempts", "request", "plan_digest", "key",
    }  # fmt: skip
    assert (letter["observer"], letter["action"], letter["class"]) == ("paid", "stock", "exhausted")
    shown = fqlc("dlq", "show", str(letter["dlq_id"])).out
    assert "attempt 2" in shown
    assert "/stock/1" in shown
    assert fqlc("dlq", "show", "dlq_none").code == 2


def test_filters_choose_dead_letters(shop: Shop, fqlc: Fqlc, server: MockWebhookServer) -> None:
    server.always(404)
    shop.run(paid(1), paid(2), "not json")

    def count(*options: str) -> int:
        done = fqlc("dlq", "list", "--format", "json", *options)
        assert done.code == 0, done.err
        return len(done.lines)

    assert count() == 3
    assert count("--class", "permanent") == count("--observer", "paid") == 2
    assert count("--class", "capture") == count("--limit", "1") == 1
    assert count("--action", "books") == count("--failed-before", "2020-01-01") == 0
    assert count("--failed-after", "2020-01-01T00:00:00Z") == 3
    assert fqlc("dlq", "list", "--failed-after", "soon").code == 2
    assert count("--reason", "404") == count("--entity", "Order") == 2
    assert count("--row", "Order 1") == count("--row", "Order 1", "--reason", "404") == 1
    assert count("--row", "Order 9") == count("--entity", "Parcel") == count("--reason", "%") == 0
    assert fqlc("dlq", "list", "--row", "1").code == 2
    dry = fqlc("dlq", "replay", "--row", "Order 2", "--reason", "404", "--dry-run")
    assert dry.code == 0 and "1" in dry.out

    def stats(*options: str) -> list[tuple[object, object]]:
        lines = fqlc("dlq", "stats", "--format", "json", *options).lines
        return sorted((line["class"], line["count"]) for line in lines)

    assert stats() == [("capture", 1), ("permanent", 2)]
    assert stats("--reason", "404") == stats("--entity", "Order") == [("permanent", 2)]
    assert stats("--row", "Order 2") == [("permanent", 1)]
    assert fqlc("dlq", "stats", "--observer", "payd").code == 2
    chosen = ("dlq", "discard", "--row", "Order 2", "--reason", "404")
    assert fqlc(*chosen, "--dry-run").out.count("would be discarded") == 1
    assert fqlc("dlq", "discard").code == fqlc("dlq", "discard", "dlq_1", "--limit", "1").code == 2
    assert "nothing is discarded" in fqlc("dlq", "discard", "--row", "Order 9").err
    assert fqlc(*chosen).out.count("discarded") == 1
    shop.run()
    assert stats() == [("capture", 1), ("permanent", 1)]


def test_replay_continues_behind_the_failed_action_with_the_same_key(
    shop: Shop, fqlc: Fqlc, server: MockWebhookServer
) -> None:
    server.reply(404)
    shop.run(paid(1))
    (letter,) = fqlc("dlq", "list", "--format", "json").lines
    key = server.requests[0].key
    assert fqlc("dlq", "replay", "--observer", "paid", "--dry-run").code == 0
    shop.run()
    assert server.call_count == 1
    done = fqlc("dlq", "replay", str(letter["dlq_id"]))
    assert done.code == 0
    assert "the next `fqlc run`" in done.err
    shop.run()
    assert [r.path for r in server.requests] == ["/stock/1", "/stock/1", "/books/1"]
    assert server.requests[1].key == key
    assert fqlc("dlq", "list", "--format", "json").lines == []


def test_replay_needs_a_choice(shop: Shop, fqlc: Fqlc) -> None:
    shop.run()
    done = fqlc("dlq", "replay")
    assert done.code == 2
    assert "say which" in done.err
    assert "--all" in done.err


def test_discard_gives_up_what_waits(shop: Shop, fqlc: Fqlc, server: MockWebhookServer) -> None:
    server.always(404)
    shop.run(paid(1))
    (letter,) = fqlc("dlq", "list", "--format", "json").lines
    assert fqlc("dlq", "discard", str(letter["dlq_id"])).code == 0
    shop.run()
    assert fqlc("dlq", "list", "--format", "json").lines == []
    (run,) = fqlc("runs", "list", "--format", "json").lines
    states = {node["name"]: node["state"] for node in run["nodes"]}  # type: ignore[attr-defined]
    assert states == {"stock": "cancelled", "books": "cancelled"}


def test_cancel_and_resend(shop: Shop, fqlc: Fqlc, server: MockWebhookServer) -> None:
    server.reply(404)
    shop.run(paid(1, id="a"), paid(2, id="b"))
    runs = {str(r["event_id"]): r for r in fqlc("runs", "list", "--format", "json").lines}
    dead = next(str(r["run"]) for r in runs.values() if r["state"] == "dead")
    done = next(str(r["run"]) for r in runs.values() if r["state"] == "done")
    assert fqlc("runs", "cancel", dead).code == 0
    assert fqlc("runs", "resend", done, "--action", "books").code == 0
    before = server.call_count
    shop.run()
    assert server.call_count == before + 1
    states = {r["run"]: r["state"] for r in fqlc("runs", "list", "--format", "json").lines}
    assert states == {dead: "cancelled", done: "done"}


def test_nothing_to_cancel_stores_nothing(shop: Shop, fqlc: Fqlc) -> None:
    shop.run(paid(1, id="evt-1"))
    done = fqlc("runs", "cancel", "run_9")
    assert (done.code, "there is no run run_9" in done.err) == (2, True)
    [run] = fqlc("runs", "list", "--format", "json").lines
    done = fqlc("runs", "cancel", str(run["run"]))
    assert (done.code, done.err) == (1, "there was nothing to cancel: all of it has ended\n")
    assert fqlc("runs", "cancel", "--observer", "paid").code == 1
    assert fqlc("runs", "cancel", "--observer", "nope").code == 2


def test_a_name_that_the_plan_does_not_have_is_not_paused_and_not_resent(
    shop: Shop, fqlc: Fqlc
) -> None:
    """A slip of the pen must not look like a stop."""
    shop.run(paid(1, id="evt-1"))
    done = fqlc("pause", "reciever")
    assert (done.code, "did you mean `receiver`?" in done.err) == (2, True)
    assert fqlc("pause", "https://shop.example.com:443").code == 0
    done = fqlc("resume", "nope")
    assert (done.code, "`nope` is not paused" in done.err) == (2, True)
    assert "paused are https://shop.example.com:443" in done.err
    assert fqlc("resume", "https://shop.example.com:443").code == 0
    [run] = fqlc("runs", "list", "--format", "json").lines
    done = fqlc("runs", "resend", str(run["run"]), "--action", "book")
    assert (done.code, "it has stock, books" in done.err) == (2, True)


def test_paused_observer_sends_nothing_until_it_goes_on(
    shop: Shop, fqlc: Fqlc, server: MockWebhookServer
) -> None:
    shop.run()
    assert fqlc("pause", "receiver").code == 0
    file = shop.folder / "e.json"
    file.write_text(lines(paid(1)))
    assert fqlc("emit", "e.json").code == 0
    assert fqlc("resume", "receiver").code == 0
    with closing(sqlite3.connect(shop.folder / "fql.db")) as connection:
        asked = {by for (by,) in connection.execute("SELECT by FROM fql_inbox")}
    assert asked == {getpass.getuser()}, "commands say who asked"
    shop.run()
    assert server.call_count == 2


def test_emit_takes_all_envelopes_or_none(
    shop: Shop, fqlc: Fqlc, server: MockWebhookServer
) -> None:
    shop.run(paid(9))
    assert fqlc("emit", "-", stdin=lines(paid(1), "not json")).code == 1
    assert fqlc("emit", "-", stdin=json.dumps(paid(3), indent=2)).code == 0
    done = fqlc("emit", "-", stdin=lines(paid(4, id="x"), paid(5)), env={})
    assert len(done.out.splitlines()) == 2
    refused = fqlc("emit", "-", stdin=lines({"entity": "Order", "event": "insert", "new": {}}))
    assert refused.code == 1
    assert "new.id" in refused.err
    shop.run()
    assert sorted({r.path for r in server.requests if "stock" in r.path}) == [
        "/stock/3", "/stock/4", "/stock/5", "/stock/9",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "command", [("runs",), ("dlq", "list"), ("trace", "x"), ("emit", "-"), ("pause", "x")]
)
def test_commands_that_look_create_no_store(
    tmp_path: Path, fqlc: Fqlc, command: tuple[str, ...]
) -> None:
    done = fqlc(*command)
    assert done.code == 3
    assert "there is no store" in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [
    ("runs", "list"), ("dlq", "list"), ("dlq", "stats"), ("trace", "evt-1"),
    ("pause", "x"), ("resume", "x"), ("runs", "cancel", "run_1"), ("dlq", "replay", "--all"),
])  # fmt: skip
def test_a_database_of_somebody_else_stays_as_it_is(
    tmp_path: Path, fqlc: Fqlc, command: tuple[str, ...]
) -> None:
    """Looking at it makes no tables and no WAL; every byte is as before."""
    file = tmp_path / "app.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE orders (id)")
        connection.commit()
    before = file.read_bytes()
    done = fqlc(*command, "--store", f"sqlite:///{file}")
    assert done.code == 3
    assert "no engine has ever used it as a store" in done.err
    assert file.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir() if "app.db" in found.name] == ["app.db"]


@pytest.mark.parametrize("name", ["run_99999999999999999999", "run_1_0", "run_+5", "run_", "x"])
def test_an_id_that_is_none_is_said_to_be_none(shop: Shop, fqlc: Fqlc, name: str) -> None:
    shop.run()
    assert fqlc("trace", name).code == 2
    assert fqlc("runs", "cancel", name).code in (1, 2)
    assert fqlc("runs", "resend", name).code == 2


def test_what_a_receiver_or_an_event_says_cannot_steer_the_terminal(
    shop: Shop, fqlc: Fqlc, server: MockWebhookServer
) -> None:
    """An answer may hold escape sequences: titles, colours, cleared screens."""
    server.always(Reply(404, body="\x1b]0;owned\x07\x1b[2Jgone \x9b31m"))
    shop.run(paid(1, id="evt\x1b[8m"))
    [letter] = fqlc("dlq", "list", "--format", "json").lines
    shown = [
        fqlc("dlq", "show", str(letter["dlq_id"])).out,
        fqlc("dlq", "list").out,
        fqlc("runs", "list").out,
        fqlc("trace", str(letter["run"])).out,
    ]
    assert "gone" in shown[0]
    assert not [text for text in shown if set("\x1b\x07\x9b") & set(text)]


def test_what_cannot_be_replayed_is_said_beside_the_output(
    shop: Shop, fqlc: Fqlc, server: MockWebhookServer
) -> None:
    """With the option that would help; nothing was changed, so the code is 1."""
    server.always(404)
    shop.run(paid(1))
    [letter] = fqlc("dlq", "list", "--format", "json").lines
    shop.plan = compiled(server.url, SOURCE.replace("webhook stock", "webhook store").replace(
        "stock -> books", "store -> books"
    ))  # fmt: skip
    shop.run()
    done = fqlc("dlq", "replay", str(letter["dlq_id"]))
    assert (done.code, done.out) == (1, "")
    assert "--plan original" in done.err
    assert fqlc("dlq", "replay", str(letter["dlq_id"]), "--plan", "original").code == 0


def test_a_replay_can_be_waited_for(shop: Shop, fqlc: Fqlc, server: MockWebhookServer) -> None:
    """Beside an engine: what became of it, and 1 where it is dead again."""
    server.reply(404)
    shop.run(paid(1))
    with blocking.Runtime(
        shop.plan, store=f"sqlite:///{shop.folder / 'fql.db'}", settings=shop.settings,
        environment={}, listeners=(),
    ):  # fmt: skip
        server.reply(404)
        again = fqlc("dlq", "replay", "--all", "--wait")
        assert again.code == 1
        assert again.out.endswith("ended: 1 of 1 marked, 0 resolved, 1 dead again\n")
        by_id = fqlc("dlq", "list", "--format", "json").lines[0]["dlq_id"]
        assert fqlc("dlq", "replay", str(by_id), "--watch").code == 2
        done = fqlc("dlq", "replay", "--all", "--wait")
        assert (done.code, "1 resolved, 0 dead again" in done.out) == (0, True)


def test_many_are_followed_stopped_and_listed(
    shop: Shop, fqlc: Fqlc, server: MockWebhookServer
) -> None:
    """One replay with an id: its dry run, how far it is, and its end."""
    server.always(404)
    shop.run(paid(1), paid(2), paid(3))
    assert fqlc("dlq", "bulks").out == "no replay of many dead letters\n"
    dry = fqlc("dlq", "replay", "--observer", "paid", "--rate", "2", "--dry-run")
    assert dry.code == 0
    assert "3 dead letters, 2 a second: 1s" in dry.out and "3 of paid.stock" in dry.out
    begun = fqlc("dlq", "replay", "--observer", "paid", "--rate", "2", "--format", "json")
    (shown,) = begun.lines
    assert (begun.code, shown["total"], shown["rate"]) == (0, 3, 2.0)
    stopped = fqlc("dlq", "stop", str(shown["bulk"]))
    assert (stopped.code, "the next `fqlc run`" in stopped.err) == (0, True)
    server.always(200)
    shop.run()
    (row,) = fqlc("dlq", "bulks", "--format", "json").lines
    assert (row["bulk"], row["state"], row["marked"]) == (shown["bulk"], "stopped", 0)
    assert fqlc("dlq", "stop", "bulk_ff").code == fqlc("dlq", "stop", "x").code == 2
    with blocking.Runtime(
        shop.plan, store=f"sqlite:///{shop.folder / 'fql.db'}", settings=shop.settings,
        environment={}, listeners=(),
    ):  # fmt: skip
        followed = fqlc("dlq", "replay", "--all", "--rate", "50", "--watch", "--format", "json")
        assert (followed.code, followed.lines[-1]["resolved"]) == (0, 3)
        assert "3 of 3" not in followed.err
    assert "resolved" in fqlc("dlq", "bulks").out


TYPED = SOURCE.replace("observer", "type Stock { left: Int }\nobserver", 1).replace(
    'stock/{{ id }}" body: { id }', 'stock/{{ id }}" body: { id } response: Stock'
)


def test_a_response_that_does_not_fit_is_refused_at_once(
    shop: Shop, fqlc: Fqlc, server: MockWebhookServer
) -> None:
    server.reply(404)
    shop.plan = compiled(server.url, TYPED)
    shop.run(paid(1))
    (shop.folder / "answer.json").write_text('{"left": "many"}')
    refused = fqlc("dlq", "replay", "--all", "--response", "answer.json")
    assert refused.code == 1
    assert "left" in refused.err
    late = fqlc("dlq", "replay", "--all", "--response", "answer.json", "--delay", "1m")
    assert late.code == 2
    assert "--delay" in late.err


def test_options_of_replay(shop: Shop, fqlc: Fqlc, server: MockWebhookServer) -> None:
    """Which ones, when, how fast, and an answer that was had by hand."""
    server.reply(404, 404, 404)
    shop.run(paid(1), paid(2), paid(3))
    server.clear()
    newest = fqlc("dlq", "replay", "--all", "--limit", "1", "--dry-run", "--format", "json")
    assert len(newest.lines) == 1
    later = fqlc("dlq", "replay", "--all", "--delay", "1h", "--rate", "2", "--dry-run",
                 "--format", "json").lines  # fmt: skip
    times = sorted(datetime.fromisoformat(str(line["replay_at"])) for line in later)
    assert [(at - times[0]).total_seconds() for at in times] == [0, 0.5, 1]
    assert times[0] - datetime.now(UTC) > timedelta(minutes=59)
    (shop.folder / "answer.json").write_text('{"reserved": true}')
    name = str(newest.lines[0]["dlq_id"])
    assert fqlc("dlq", "replay", name, "--response", "answer.json").code == 0
    assert fqlc("dlq", "replay", name, "--response", "nowhere.json").code == 2
    shop.run()
    assert [request.path[:6] for request in server.requests] == ["/books"]
    assert fqlc("dlq", "replay", "--all", "--plan", "original").code == 0
    shop.run()
    assert fqlc("dlq", "list", "--format", "json").lines == []


def test_vacuum_gives_space_back_while_no_engine_is_at_work(shop: Shop, fqlc: Fqlc) -> None:
    shop.run(*(paid(number) for number in range(3)))
    file = shop.folder / "fql.db"
    with closing(sqlite3.connect(file)) as mine:
        mine.execute("CREATE TABLE mine(it BLOB)")
        mine.execute("INSERT INTO mine VALUES(zeroblob(2000000))")
        mine.execute("DROP TABLE mine")
        mine.commit()
    large = file.stat().st_size
    with blocking.Runtime(shop.plan, store=f"sqlite:///{file}", settings=shop.settings):
        busy = fqlc("store", "vacuum")
    assert (busy.code, "is its engine" in busy.err) == (3, True)
    done = fqlc("store", "vacuum")
    assert (done.code, "the store took 2" in done.err) == (0, True)
    assert file.stat().st_size < large - 1_900_000
    assert len(fqlc("runs", "list", "--format", "json").lines) == 3
