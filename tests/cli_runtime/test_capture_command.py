"""`fqlc capture` on a real database file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from tests.cli_runtime.conftest import Fqlc
from tests.outbox.conftest import ORDERS
from tests.outbox.plans import plan

from fql.plan.stored.codec import write_plan


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with a database and a plan."""
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.execute(ORDERS)
    connection.close()
    (tmp_path / "plan.json").write_bytes(write_plan(plan("Order.insert", "Order.update")))
    return tmp_path


def triggers(shop: Path) -> set[str]:
    """The triggers that are in the database."""
    connection = sqlite3.connect(shop / "shop.db")
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    connection.close()
    return {name for (name,) in rows}


def test_plan_prints_sql_that_can_be_run_by_hand_and_changes_nothing(
    shop: Path, fqlc: Fqlc
) -> None:
    done = fqlc("capture", "plan", "--database", "shop.db", "plan.json")
    assert done.code == 0
    assert triggers(shop) == set()
    connection = sqlite3.connect(shop / "shop.db")
    connection.executescript(done.out)
    connection.close()
    assert fqlc("capture", "status", "--database", "shop.db", "plan.json").code == 0


def test_install_status_uninstall(shop: Path, fqlc: Fqlc) -> None:
    database = ("--database", "shop.db")
    assert fqlc("capture", "status", *database, "plan.json").code == 1
    done = fqlc("capture", "install", *database, "plan.json")
    assert done.code == 0
    assert "warning[FQL504] Order.status: column `status` may be null" in done.err
    status = fqlc("capture", "status", *database, "plan.json", "--format", "json")
    assert status.code == 0
    assert status.lines[-1] == {"in_step": True, "outbox": True, "waiting": 0}
    assert {line["trigger"] for line in status.lines if "trigger" in line} == triggers(shop)
    assert [line["place"] for line in status.lines if "warning" in line] == ["Order.status"]
    assert [line["rows"] for line in status.lines if "sample" in line] == [0]
    assert fqlc("capture", "uninstall", *database).code == 0
    assert triggers(shop) == set()


def test_the_first_rows_that_do_not_fit_are_told(shop: Path, fqlc: Fqlc) -> None:
    connection = sqlite3.connect(shop / "shop.db")
    connection.execute("INSERT INTO orders (id, status, paid) VALUES (7, 'new', 'perhaps')")
    connection.commit()
    connection.close()
    done = fqlc("capture", "install", "--database", "shop.db", "plan.json")
    assert "1 of the first 1 rows of `orders` do not fit; id = 7: new.paid must be" in done.err


def test_database_of_the_settings_is_found_from_a_folder_below(shop: Path, fqlc: Fqlc) -> None:
    (shop / "fql.toml").write_text('[sources.shop]\nkind = "sqlite"\ndatabase = "shop.db"\n')
    assert fqlc("capture", "install", "plan.json").code == 0
    assert "fql_main_Order_update" in triggers(shop)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("plan.json",), 2, "error: no database is given\n  help: name it with --database"),
        (("--database", "none.db", "plan.json"), 3, "there is no database file none.db"),
        (("--database", "plan.json", "plan.json"), 3, "file is not a database"),
        (("--database", "shop.db", "none.json"), 3, "none.json cannot be read"),
    ],
)
def test_mistakes_are_one_line_with_a_hint(
    shop: Path, fqlc: Fqlc, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = fqlc("capture", "install", *arguments)
    assert done.code == code, done.err
    assert says in done.err


def test_sources_without_capture_are_for_doctor(shop: Path, fqlc: Fqlc) -> None:
    others = '[nats]\nurl = "nats://n1"\n[sources.feed]\nkind = "nats"\nstream = "S"\n'
    told = "nothing is captured for feed (nats): `fqlc doctor` looks there"
    (shop / "fql.toml").write_text(others)
    refused = fqlc("capture", "status", "plan.json")
    assert (refused.code, told in refused.err) == (2, True)
    shop_db = '[sources.shop]\nkind = "sqlite"\ndatabase = "shop.db"\n'
    (shop / "fql.toml").write_text(others + shop_db)
    assert fqlc("capture", "install", "plan.json").code == 0
    status = fqlc("capture", "status", "plan.json")
    assert status.code == 0
    assert told in status.out + status.err
