"""Triggers that vanish, consumers that meet, plans that change: noticed, said, mended."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fql.testing import MockWebhookServer
from tests.histories.story import SOURCE, Story


@pytest.fixture
def server() -> Iterator[MockWebhookServer]:
    with MockWebhookServer() as running:
        yield running


def rebuild(connection: sqlite3.Connection) -> None:
    """What Alembic's batch mode and Django's AlterField do to a table."""
    connection.execute("BEGIN")
    connection.execute("CREATE TABLE new_orders(id INTEGER PRIMARY KEY, status TEXT NOT NULL)")
    connection.execute("INSERT INTO new_orders SELECT id, status FROM orders")
    connection.execute("DROP TABLE orders")
    connection.execute("ALTER TABLE new_orders RENAME TO orders")
    connection.execute("COMMIT")


def test_a_migration_that_rebuilds_the_table(tmp_path: Path, server: MockWebhookServer) -> None:
    """Noticed within two seconds, an error with the way out, until it is mended; a start is refused
    meanwhile."""
    story = Story(tmp_path, server)
    with story.running():
        story.order(1)
        story.until("the first", story.all_heard)
        with story.connect() as connection:
            rebuild(connection)
        story.until("not ready", lambda: story.page("/ready")[0] == 503, 2)
        assert "no triggers on orders" in story.page("/ready")[1]
        assert "fqlc capture install" in story.log()
        table = '{source="shop",table="orders"}'
        assert f"fql_capture_ok{table} 0.0" in story.page("/metrics")[1]
    said = story.fqlc("run", "shop.fql", "--until-idle", code=3)
    assert "no triggers on orders" in said
    assert "fqlc capture install" in said
    story.fqlc("capture", "install", "shop.fql")
    story.order(2)
    story.finish()
    assert story.all_heard()


def test_triggers_are_made_again_where_the_settings_say_so(
    tmp_path: Path, server: MockWebhookServer
) -> None:
    story = Story(tmp_path, server)
    story.settings("install = true")
    story.fqlc("capture", "uninstall")
    with story.running():
        story.order(1)
        story.until("the first", story.all_heard)
        with story.connect() as connection:
            rebuild(connection)
        story.until(
            "installed again", lambda: "installed again" in story.log().partition("ready")[2], 2
        )
        assert "what was changed before that may be missing" in story.log().partition("ready")[2]
        story.order(2)
        story.until("the second", story.all_heard)
        assert story.page("/ready")[0] == 200


def test_another_store_is_refused_until_the_outbox_is_handed_over(
    tmp_path: Path, server: MockWebhookServer
) -> None:
    story = Story(tmp_path, server)
    with story.running():
        story.order(1)
        story.until("the first", story.all_heard)
        said = story.fqlc("run", "shop.fql", "--until-idle", "--store", "sqlite:///b.db", code=3)
        assert "read by another store" in said
        assert "fqlc capture release" in said
        story.fqlc("capture", "release")
        story.until("registered again", lambda: "now by this store" not in story.log())
    story.order(2)
    story.fqlc("capture", "release")
    story.finish("--store", "sqlite:///b.db")
    assert story.all_heard()
    assert story.times(1) == 1
    assert "read by another store" in story.fqlc("run", "shop.fql", "--until-idle", code=3)


def test_a_store_made_anew_at_the_same_place_goes_on(
    tmp_path: Path, server: MockWebhookServer
) -> None:
    story = Story(tmp_path, server)
    story.order(1)
    story.finish()
    for left in tmp_path.glob("fql.db*"):
        left.unlink()
    story.order(2)
    assert "now by this store" in story.finish()
    assert story.all_heard()


def test_two_projects_on_one_database_keep_apart(tmp_path: Path, server: MockWebhookServer) -> None:
    """Each has its triggers and its outbox; neither drops nor takes what is the other's."""
    story = Story(tmp_path, server)
    other = tmp_path / "other.toml"
    other.write_text(
        '[project]\nname = "books"\n' + (tmp_path / "fql.toml").read_text().partition("[obs")[0]
    )
    second = SOURCE % server.url
    (tmp_path / "books.fql").write_text(second.replace("placed", "booked"))
    with_other = ("--settings", "other.toml", "books.fql")
    story.fqlc("capture", "install", *with_other)
    assert "project books" in story.fqlc("capture", "status", "shop.fql")
    story.order(1, 2)
    story.finish()
    assert [r.path for r in server.requests] == ["/placed", "/placed"]
    story.fqlc("run", *with_other, "--store", "sqlite:///books.db", "--until-idle")
    assert sorted(r.path for r in server.requests[2:]) == ["/booked", "/booked"]
    said = story.fqlc("capture", "uninstall", "--settings", "other.toml")
    assert "fql_books_Order_insert" in said
    assert "fql_books_outbox" in said
    assert "in step" in story.fqlc("capture", "status", "shop.fql")


def test_nobody_elses_trigger_is_dropped(tmp_path: Path, server: MockWebhookServer) -> None:
    story = Story(tmp_path, server)
    story.execute(
        "CREATE TABLE fql_notes(text)",
        "CREATE TRIGGER fql_main_mine AFTER INSERT ON orders BEGIN"
        " INSERT INTO fql_notes VALUES('x'); END",
        "CREATE TRIGGER fql_orders_audit AFTER DELETE ON orders BEGIN SELECT 1; END",
    )
    story.fqlc("capture", "install", "shop.fql")
    story.fqlc("capture", "uninstall")
    with story.connect() as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE name GLOB 'fql_*'")
        assert {name for (name,) in names} == {"fql_notes", "fql_main_mine", "fql_orders_audit"}


def test_a_reload_reaches_the_readers_and_the_checks(
    tmp_path: Path, server: MockWebhookServer
) -> None:
    """A plan that the triggers do not supply is not taken; after `capture install` it is, and rows
    are read by its types at once. A letter of the time before is read again by the new plan."""
    story = Story(tmp_path, server)
    source = (tmp_path / "shop.fql").read_text()
    story.execute("ALTER TABLE orders ADD COLUMN paid BOOLEAN", "UPDATE orders SET paid = 1")
    as_text = source.replace("status: String", "status: String\n  paid: String?")
    (tmp_path / "shop.fql").write_text(as_text.replace("body: { id }", "body: { id, paid }"))
    story.fqlc("capture", "install", "shop.fql")
    with story.running() as process:
        story.execute("INSERT INTO orders VALUES(1, 'new', 1)")
        story.until("a letter", lambda: "must be a text" in story.fqlc("dlq", "list"))
        changed = as_text.replace("paid: String?", "paid: Boolean?\n  extra: Int?")
        (tmp_path / "shop.fql").write_text(changed.replace("body: { id }", "body: { id, paid }"))
        process.send_signal(signal.SIGHUP)
        story.until("refused", lambda: "not reloaded" in story.log())
        story.execute("ALTER TABLE orders ADD COLUMN extra INTEGER")
        story.fqlc("capture", "install", "shop.fql")
        process.send_signal(signal.SIGHUP)
        story.until("taken", lambda: "reloaded: plan" in story.log())
        story.execute("INSERT INTO orders VALUES(2, 'new', 0, NULL)")
        story.until("the second", lambda: server.call_count == 1)
        story.fqlc("dlq", "replay", "--all")
        story.until("the first", lambda: server.call_count == 2)
    assert [r.payload for r in server.requests] == [
        {"id": 2, "paid": False}, {"id": 1, "paid": True}
    ]  # fmt: skip


def test_a_unique_index_added_later_refuses_nothing(
    tmp_path: Path, server: MockWebhookServer
) -> None:
    story = Story(tmp_path, server)
    source = (tmp_path / "shop.fql").read_text()
    gone = (
        'observer gone {\n  on: Order.delete\n  webhook tell { url: "%s/gone" body: { id } }\n}\n'
    )
    (tmp_path / "shop.fql").write_text(source + gone % server.url)
    story.fqlc("capture", "install", "shop.fql")
    story.execute("CREATE UNIQUE INDEX one_status ON orders(status)")
    story.order(1)
    said = story.finish()
    assert "out of date" in said
    assert "fqlc capture install" in said
    assert story.all_heard()
    story.fqlc("capture", "install", "shop.fql")
    assert "out of date" not in story.finish()


def test_events_of_an_unknown_entity_are_warned_of_once(
    tmp_path: Path, server: MockWebhookServer
) -> None:
    story = Story(tmp_path, server)
    put = "INSERT INTO fql_main_outbox (entity, event, new) VALUES('Ordre', 'insert', '{}')"
    story.execute(put, put)
    said = story.finish()
    assert said.count("Ordre") == 1
    assert "did you mean `Order`?" in said
    assert "2 of an entity that the plan does not know" in said


def test_values_that_cannot_be_read_are_letters_and_the_source_goes_on(
    tmp_path: Path, server: MockWebhookServer
) -> None:
    story = Story(tmp_path, server)
    deep, long, huge = "[" * 5000 + "]" * 5000, "9" * 5000, "1e99999999999999999999"
    for value in (deep, long, huge, '{"half": "\\\\ud800"', "nothing"):
        text = f'{{"id": 7, "status": {value}}}'.replace("'", "''")
        story.execute(
            f"INSERT INTO fql_main_outbox (entity, event, new) VALUES('Order', 'insert', '{text}')"
        )
    story.order(1)
    story.finish()
    assert story.all_heard()
    assert story.fqlc("dlq", "list", "--format", "json").count('"class":"capture"') == 5


def test_a_run_without_any_source_says_so(tmp_path: Path, server: MockWebhookServer) -> None:
    story = Story(tmp_path, server)
    (tmp_path / "fql.toml").write_text('[egress]\nallow = ["127.0.0.1/32"]\n')
    story.order(1)
    said = story.finish()
    assert "there is no source" in said
    assert "--database FILE" in said
    assert "orders" in said
    assert not story.all_heard()
    said = story.finish("--database", "shop.db")
    assert "there is no source" not in said
    assert story.all_heard()


def test_install_names_the_missing_lines_of_the_settings(
    tmp_path: Path, server: MockWebhookServer
) -> None:
    story = Story(tmp_path, server)
    assert "[sources" not in story.fqlc("capture", "install", "shop.fql")
    (tmp_path / "fql.toml").write_text('[egress]\nallow = ["127.0.0.1/32"]\n')
    said = story.fqlc("capture", "install", "--database", "shop.db", "shop.fql")
    assert '[sources.shop]\n  kind = "sqlite"\n  database = "shop.db"' in said


def test_two_engines_of_one_shop_are_seen_within_a_moment(
    tmp_path: Path, server: MockWebhookServer
) -> None:
    """The outbox was handed over below a running engine: that one stops reading, and says so."""
    story = Story(tmp_path, server)
    with story.running():
        story.order(1)
        story.until("the first", story.all_heard)
        story.execute(
            "UPDATE fql_main_source SET consumer = "
            '\'{"store": "x", "where": "/else/fql.db", "host": "h", "since": ""}\''
        )
        story.until("not ready", lambda: story.page("/ready")[0] == 503, 2)
        assert "read by another store" in story.log()
        story.order(2)
        time.sleep(1)
        assert story.times(2) == 0
    story.fqlc("capture", "release")
    story.finish()
    assert story.all_heard()
