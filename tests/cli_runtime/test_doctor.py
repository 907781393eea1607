"""`fqlc doctor` finds what is wrong around fql."""

from __future__ import annotations

import os
import socket
import sqlite3
from pathlib import Path

import pytest
from tests.cli_runtime.conftest import Ended, Fqlc
from tests.outbox.conftest import ORDERS
from tests.outbox.plans import plan

from fql.cli.examine import filesystem_of
from fql.plan.codec import dump_expression, write_plan
from fql.plan.expressions import Constant
from fql.plan.model import Endpoint, EnvironmentName, Plan
from fql.plan.types import STRING
from fql.testing.server import MockWebhookServer

ALLOW = '[egress]\nallow = ["127.0.0.1/32"]\n'


def with_endpoint(url: str) -> Plan:
    """A plan with one receiver."""
    text = dump_expression(Constant(type=STRING, value=url))
    return plan("Order.insert").model_copy(update={"endpoints": (Endpoint(name="r", url=text),)})


def levels(done: Ended) -> dict[object, object]:
    """The worst level of each subject."""
    found: dict[object, object] = {}
    order = ["ok", "warning", "problem"]
    for line in done.lines:
        known = found.get(line["subject"], "ok")
        found[line["subject"]] = max(known, line["level"], key=order.index)  # type: ignore[arg-type]
    return found


def test_everything_is_fine(tmp_path: Path, fqlc: Fqlc) -> None:
    with MockWebhookServer() as server:
        (tmp_path / "plan.json").write_bytes(write_plan(with_endpoint(server.url)))
        (tmp_path / "fql.toml").write_text(ALLOW)
        done = fqlc("doctor", "plan.json", "--format", "json")
    assert done.code == 0, done.out
    assert levels(done)["endpoint r"] == "ok"
    assert levels(done)["store"] == "ok"


def test_receiver_that_does_not_listen(tmp_path: Path, fqlc: Fqlc) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        (tmp_path / "plan.json").write_bytes(write_plan(with_endpoint(url)))
        (tmp_path / "fql.toml").write_text(ALLOW)
        done = fqlc("doctor", "plan.json", "--format", "json")
    assert done.code == 1
    assert levels(done)["endpoint r"] == "problem"


def test_receiver_that_is_not_allowed_is_not_contacted(tmp_path: Path, fqlc: Fqlc) -> None:
    with MockWebhookServer() as server:
        (tmp_path / "plan.json").write_bytes(write_plan(with_endpoint(server.url)))
        done = fqlc("doctor", "plan.json")
        assert not server.called
    assert done.code == 1
    assert "cannot be reached" in done.out


def test_low_port_needs_to_be_opened(tmp_path: Path, fqlc: Fqlc) -> None:
    (tmp_path / "plan.json").write_bytes(write_plan(with_endpoint("http://127.0.0.1:81")))
    (tmp_path / "fql.toml").write_text(ALLOW)
    assert "port 81 is not open" in fqlc("doctor", "plan.json").out
    (tmp_path / "fql.toml").write_text(ALLOW + "ports = [81]\n")
    assert "port 81 is not open" not in fqlc("doctor", "plan.json").out


def test_missing_secret_is_named_with_its_use(tmp_path: Path, fqlc: Fqlc) -> None:
    names = (EnvironmentName(name="SHOP_KEY", used_by=("endpoint r",)),)
    data = write_plan(plan("Order.insert").model_copy(update={"environment": names}))
    (tmp_path / "plan.json").write_bytes(data)
    done = fqlc("doctor", "plan.json", "--offline")
    assert done.code == 1
    assert "SHOP_KEY is not set (used by endpoint r)" in done.out
    assert fqlc("doctor", "plan.json", "--offline", env={"SHOP_KEY": "x"}).code == 0


def test_drift_of_triggers(tmp_path: Path, fqlc: Fqlc) -> None:
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.execute(ORDERS)
    connection.close()
    (tmp_path / "plan.json").write_bytes(write_plan(plan("Order.insert")))
    (tmp_path / "fql.toml").write_text('[sources.s]\nkind = "sqlite"\ndatabase = "shop.db"\n')
    done = fqlc("doctor", "plan.json", "--offline", "--format", "json")
    assert (done.code, levels(done)["source s"]) == (1, "problem")
    fqlc("capture", "install", "plan.json")
    done = fqlc("doctor", "plan.json", "--offline", "--format", "json")
    assert (done.code, levels(done)["source s"]) == (0, "ok")


@pytest.mark.parametrize("damaged", [False, True])
def test_store_that_others_can_read_or_that_is_damaged(
    tmp_path: Path, fqlc: Fqlc, damaged: bool
) -> None:
    (tmp_path / "plan.json").write_bytes(write_plan(plan("Order.insert")))
    store = tmp_path / "fql.db"
    if damaged:
        store.write_bytes(b"SQLite format 3\x00" + os.urandom(4096))
    else:
        sqlite3.connect(store).execute("CREATE TABLE t (a)").connection.close()
    store.chmod(0o644)
    done = fqlc("doctor", "plan.json", "--offline", "--format", "json")
    assert levels(done)["store"] == ("problem" if damaged else "warning")
    assert "can be read by others (mode 644)" in done.out


def test_network_file_systems_are_recognised() -> None:
    mounts = "none / ext4 rw 0 0\nserver:/x /mnt/share nfs4 rw 0 0\n"
    assert filesystem_of(Path("/mnt/share/a/fql.db"), mounts) == "nfs4"
    assert filesystem_of(Path("/mnt/shared/fql.db"), mounts) == "ext4"
