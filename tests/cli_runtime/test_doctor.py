"""`fqlc doctor` finds what is wrong around fql."""

from __future__ import annotations

import os
import socket
import sqlite3
import ssl
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from tests.cli_runtime.conftest import Ended, Fqlc
from tests.outbox.conftest import ORDERS
from tests.outbox.plans import plan
from tests.stores import unpacked

from fql.cli.examining import examine
from fql.cli.examining.examine import filesystem_of
from fql.plan.language.expressions import Constant
from fql.plan.language.types import STRING
from fql.plan.model import Endpoint, EnvironmentName, Plan
from fql.plan.stored.codec import dump_expression, write_plan
from fql.store.opening import Place
from fql.testing.replies import Reply
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


@pytest.mark.parametrize(
    ("number", "level", "words"),
    [
        (4, "warning", "is upgraded to"), (5, "ok", "that of this version"),
        (99, "problem", "newer version"), ("x", "problem", "no readable format"),
    ],
)  # fmt: skip
def test_format_of_the_store(
    tmp_path: Path, fqlc: Fqlc, number: object, level: str, words: str
) -> None:
    """Looked at, and left as it is."""
    with MockWebhookServer() as server:
        (tmp_path / "plan.json").write_bytes(write_plan(with_endpoint(server.url)))
        (tmp_path / "fql.toml").write_text(ALLOW)
        store = unpacked(tmp_path, "store.db")
        store.chmod(0o600)
        with closing(sqlite3.connect(store)) as connection:
            connection.execute("UPDATE fql_meta SET value = ? WHERE name = 'version'", (number,))
            connection.commit()
        before = store.read_bytes()
        done = fqlc("doctor", "plan.json", "--store", f"sqlite:///{store}", "--format", "json")
    found = [line for line in done.lines if line["subject"] == "store"]
    assert found[0]["level"] == level
    assert words in str(found[0]["message"])
    assert store.read_bytes() == before


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
    connection.execute(ORDERS.replace("status TEXT", "status TEXT NOT NULL"))
    connection.close()
    (tmp_path / "plan.json").write_bytes(write_plan(plan("Order.insert")))
    (tmp_path / "fql.toml").write_text('[sources.s]\nkind = "sqlite"\ndatabase = "shop.db"\n')
    done = fqlc("doctor", "plan.json", "--offline", "--format", "json")
    assert (done.code, levels(done)["source s"]) == (1, "problem")
    fqlc("capture", "install", "plan.json")
    done = fqlc("doctor", "plan.json", "--offline", "--format", "json")
    assert (done.code, levels(done)["source s"]) == (0, "ok")


def test_a_table_that_does_not_fit_its_entity(tmp_path: Path, fqlc: Fqlc) -> None:
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.execute(ORDERS)
    connection.close()
    (tmp_path / "plan.json").write_bytes(write_plan(plan("Order.insert")))
    (tmp_path / "fql.toml").write_text('[sources.s]\nkind = "sqlite"\ndatabase = "shop.db"\n')
    fqlc("capture", "install", "plan.json")
    done = fqlc("doctor", "plan.json", "--offline")
    assert done.code == 0
    assert "warning[FQL504] Order.status" in done.out


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


# Security: the settings of actions, dates of secrets, who is contacted

PROGRAM = """
entity Order {{ id: ID @key }}
endpoint shop {{ url: "{url}" {more} }}
observer placed {{ on: Order.insert webhook tell {{ endpoint: shop }} }}
"""
SECRET = "whsec_" + "A" * 32


def doctor(folder: Path, process: Fqlc, more: str, *arguments: str, **env: str) -> Ended:
    """Examine a program whose endpoint has more settings."""
    url = env.pop("URL", "https://shop.example.com")
    (folder / "shop.fql").write_text(PROGRAM.format(url=url, more=more))
    return process("doctor", "shop.fql", "--format", "json", *arguments, env=env)


def test_settings_that_stop_a_start_are_found_before_it(tmp_path: Path, process: Fqlc) -> None:
    """A weak secret is a problem of its action, and is not shown."""
    done = doctor(tmp_path, process, 'signing: { secret: "${S}" }', "--offline", S="canary-weak")
    assert (done.code, levels(done)["action placed.tell"]) == (1, "problem")
    assert "canary-weak" not in done.out + done.err


def test_days_to_the_end_of_secrets(tmp_path: Path, process: Fqlc) -> None:
    """One that ends soon is a warning, one that has ended a problem, a successor is enough."""
    now = datetime.now(UTC)
    soon, past = (now + timedelta(days=5, hours=1)).isoformat(), (now - timedelta(1)).isoformat()
    for secrets, level, said in (
        (f'{{ secret: "${{S}}", not_after: "{soon}" }}', "warning", "end in 5 days"),
        (f'{{ secret: "${{S}}", not_after: "{past}" }}', "problem", "no signing secret is valid"),
        (f'[{{ secret: "${{S}}", not_after: "{soon}" }}, "${{S}}"]', None, ""),
    ):
        setting = f"signing: {{ secret: {secrets} }}"
        done = doctor(tmp_path, process, setting, "--offline", S=SECRET)
        assert levels(done).get("action placed.tell") == level
        assert said in done.out


OAUTH = 'auth: {{ type: oauth2, token_url: "{url}/t", client_id: "shop", client_secret: "${{S}}" }}'
TOKEN = "canary-token-1234567"


def test_a_token_is_fetched_and_shown_to_nobody(tmp_path: Path, process: Fqlc) -> None:
    """The token server gets a request as deliveries make it, the receiver no credential."""
    (tmp_path / "fql.toml").write_text(ALLOW)
    with MockWebhookServer() as server, MockWebhookServer() as login:
        login.always(Reply(200, {"access_token": TOKEN, "expires_in": 60}))
        done = doctor(
            tmp_path, process, OAUTH.format(url=login.url), S="client-secret", URL=server.url
        )
        [asked], [probed] = login.requests, server.requests
    assert done.code == 0, done.out
    assert levels(done)["token server of endpoint shop"] == "ok"
    assert (asked.method, asked.path, asked.body) == (
        "POST", "/t", b"grant_type=client_credentials"
    )  # fmt: skip
    assert (probed.method, "authorization" in probed.headers) == ("OPTIONS", False)
    assert not [word for word in (TOKEN, "client-secret") if word in done.out + done.err]


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(401, {"error": "invalid_client"}), "said 401 (invalid_client); check client_id"),
        (Reply(400, {"error": "invalid_scope"}), "said 400 (invalid_scope); look at scope"),
        (Reply(404, {"error": "canary"}), "said 404; look at token_url"),
        (Reply(200, {"token": "canary"}), "gave no token; look at token_url"),
        (Reply(500, {}), "said 500"),
    ],
)
def test_why_there_is_no_token(tmp_path: Path, process: Fqlc, reply: Reply, words: str) -> None:
    """In words that say where to look, and none of the server's own but those of the standard."""
    (tmp_path / "fql.toml").write_text(ALLOW)
    with MockWebhookServer() as server, MockWebhookServer() as login:
        login.always(reply)
        done = doctor(
            tmp_path, process, OAUTH.format(url=login.url), S="client-secret", URL=server.url
        )
    assert (done.code, levels(done)["token server of endpoint shop"]) == (1, "problem")
    assert words in done.out
    assert "canary" not in done.out
    assert "client-secret" not in done.out


def test_a_client_certificate_is_shown_to_its_receiver(tmp_path: Path, process: Fqlc) -> None:
    (tmp_path / "fql.toml").write_text(ALLOW)
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    ca.issue_cert("me@client.example").private_key_and_cert_chain_pem.write_to_path(
        str(tmp_path / "me.pem")
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    ca.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    mtls = 'auth: { type: mtls, certificate: "me.pem", key: "me.pem", ca: "ca.pem" }'
    with MockWebhookServer(tls=context) as server:
        done = doctor(tmp_path, process, mtls, URL=server.url)
    assert levels(done)["endpoint shop"] == "ok", done.out


def test_with_a_test_url_only_that_is_contacted(tmp_path: Path, process: Fqlc) -> None:
    with MockWebhookServer() as server:
        (tmp_path / "fql.toml").write_text('[webhooks]\ntest_url = "${CATCH}/x"\n')
        done = doctor(tmp_path, process, "", CATCH=server.url)
        assert server.call_count == 1
    assert levels(done)["test_url"] == "ok"
    assert "endpoint shop" not in levels(done)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@pytest.mark.parametrize(("ready", "level"), [(True, "ok"), (False, "problem")])
def test_running_engine_is_asked(tmp_path: Path, fqlc: Fqlc, ready: bool, level: str) -> None:
    """With a metrics port, the engine that listens there says whether it is ready."""
    with MockWebhookServer() as engine:
        engine.always(200 if ready else 503)
        (tmp_path / "plan.json").write_bytes(write_plan(plan("Order.insert")))
        (tmp_path / "fql.toml").write_text(
            f'[observability.prometheus]\nhost = "127.0.0.1"\nport = {engine.port}\n'
        )
        done = fqlc("doctor", "plan.json", "--format", "json")
        assert [r.path for r in engine.requests] == ["/ready"]
    assert levels(done)["engine"] == level
    assert done.code == (0 if ready else 1)


def test_engine_that_does_not_run_is_a_warning(tmp_path: Path, fqlc: Fqlc) -> None:
    (tmp_path / "plan.json").write_bytes(write_plan(plan("Order.insert")))
    (tmp_path / "fql.toml").write_text(
        f'[observability.prometheus]\nhost = "127.0.0.1"\nport = {free_port()}\n'
    )
    done = fqlc("doctor", "plan.json", "--format", "json")
    assert levels(done)["engine"] == "warning"
    assert done.code == 0


@pytest.mark.parametrize(
    ("listen", "token", "level", "words"),
    [
        ("127.0.0.1:8786", "x" * 32, "ok", "for this machine alone"),
        ("localhost:8786", "x" * 32, "ok", "for this machine alone"),
        ("127.0.0.1:8786", "canary-short", "warning", "shorter than 16 characters"),
        ("0.0.0.0:8786", "x" * 32, "warning", "a proxy that speaks TLS"),
        ("[::]:8786", "x" * 32, "warning", "a proxy that speaks TLS"),
    ],
)
def test_who_reaches_an_http_source(
    tmp_path: Path, fqlc: Fqlc, listen: str, token: str, level: str, words: str
) -> None:
    (tmp_path / "plan.json").write_bytes(write_plan(plan("Order.insert")))
    (tmp_path / "fql.toml").write_text(
        f'[sources.web]\nkind = "http"\nlisten = "{listen}"\ntoken = "${{TOKEN}}"\n'
    )
    done = fqlc("doctor", "plan.json", "--offline", "--format", "json", env={"TOKEN": token})
    assert levels(done)["source web"] == level
    assert words in done.out
    assert token not in done.out


@pytest.mark.parametrize(
    ("max_size", "said"), [(10**6, ""), (9_000, "will soon be removed"), (5_000, "are removed")]
)
def test_a_store_that_is_nearly_full(tmp_path: Path, max_size: int, said: str) -> None:
    path = tmp_path / "s.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (a)")
    found = examine.store(Place(f"sqlite:///{path}"), max_size)
    told = [one.message for one in found if "max_size" in one.message]
    assert len(told) == (1 if said else 0)
    assert said in "".join(told)
