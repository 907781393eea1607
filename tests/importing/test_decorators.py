"""The decorator form: read by syntax, and sent as it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fql.app import Runtime
from fql.plan.stored.codec import read_plan
from fql.testing import MockWebhookServer
from fqlc import compile_text, format_text
from tests.importing.importing import imported, ran

SEED = Path(os.environ.get("FQL_CONFORMANCE", Path(__file__).parents[3] / "shared/conformance"))
FILES = [str(SEED / "decorators" / name) for name in ("payments.py", "shop.py")]
ORDER = {"id": "o1", "customer_email": "a@b.c", "total": 10.5, "status": "new"}
USER = {
    "id": 7,
    "email": "a@b.c",
    "country": "DE",
    "created_at": "2024-01-02T03:04:05Z",
    "ssn": "1",
}
PAYMENT = {
    "order_id": 5, "items": "two", "status": "approved", "amount": "9.90", "shipping_address": "x",
}  # fmt: skip
SENT = {
    "/reserve": {"order": "5", "items": "two"},
    "/new": {"order": "5", "address": "x"},
    "/track": {"event": "payment_approved", "amount": "9.90"},
    "/register": {"email": "a@b.c", "country": "DE", "required": True},
    "/signup": {"user": "7", "at": "2024-01-02T03:04:05Z"},
    "/tracking": {"order": "o1", "email": "a@b.c"},
}
HOSTILE = [
    ("import os; os.system('touch x')\n@observer(entity='A', actions=[webhook(url=f())])"
     "\ndef a(): 0",
     "x.py:2: `url=f()` is not a literal"),
    ("(" * 5000, "is not Python"), ("x = 1 +", "is not Python"), ("a\0b", "is not Python"),
    ("@observer(entity='A', condition='true\\n}\\nlet x = 1')\ndef a(): 0", "cannot be read"),
    ("@observer(entity='A', condition='1 # x')\ndef a(): 0", "cannot be read"),
    ("@observer(entity='A', event='DROP')\ndef a(): 0", "is not INSERT, UPDATE or DELETE"),
    ("\n".join(["a = 'x'", *(f"{b} = {a} + {a}" for a, b in zip("abcdefghijklmnopqrstuvwxyz"[:25],
     "bcdefghijklmnopqrstuvwxyz", strict=False))])
     + "\n@observer(entity='A', actions=[webhook(url=y)])\ndef f(): 0", "is not a literal"),
    ("a = a\n@observer(entity=a)\ndef f(): 0", "is not a literal"),
]  # fmt: skip
WATCHED = """
import sys
from pathlib import Path
from fqlc.importing.observers.decorators import read_decorators
from fqlc.importing.observers.drafts import drafts_text
paths = [Path(name) for name in sys.argv[1:]]
drafts_text(read_decorators(paths, bare=False))
seen, on = [], True
sys.addaudithook(lambda event, _: seen.append(event) if on else None)
drafts_text(read_decorators(paths, bare=False))
on = False
print(sorted({one for one in seen if one.split(".")[0] in ("import", "exec", "os", "socket")}))
"""

pytestmark = pytest.mark.skipif(
    not Path(FILES[0]).exists(),
    reason="the programs of the decorator form are absent: set FQL_CONFORMANCE to their folder",
)


async def test_the_programs_send_what_they_say(webhook_server: MockWebhookServer) -> None:
    text = imported("--from", "decorators", *FILES)
    assert format_text(text) == text
    for host in ("stock", "labels", "stats", "crm", "privacy", "partner", "notify", "carrier"):
        text = text.replace(f"https://{host}.example.com", "${THERE}")
    plan = read_plan(compile_text(text).plan_or_raise())
    secrets = {"THERE": webhook_server.url, "PARTNER_KEY": "0" * 64, "NOTIFY_TOKEN": "t" * 20}
    async with Runtime(plan, store="memory:", environment=secrets) as running:
        await running.emit("Payment.insert", new=PAYMENT)
        await running.emit("User.insert", new=USER)
        await running.emit("Order.insert", new=ORDER)
        await running.emit("Order.update", old=ORDER, new={**ORDER, "status": "shipped"})
        await running.until_idle(30)
        assert await running.client.dead_letters() == []
    sent = {one.path: one for one in webhook_server.requests}
    assert {path: one.payload for path, one in sent.items() if path in SENT} == SENT
    created, batch = sent["/orders"], sent["/batch"].payload
    assert created.headers["authorization"] == "Bearer " + "t" * 20
    assert isinstance(batch, dict)
    assert batch["orders"] == [{"id": "o1", "total": "10.5"}]
    assert "a@b.c" not in str(sent["/users"].body)
    assert sent.keys() == {*SENT, "/orders", "/batch", "/users"}


def test_nothing_is_imported_or_executed() -> None:
    """An audit hook sees neither."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *FILES],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("case", range(len(HOSTILE)))
def test_what_is_not_written_out_is_named_with_its_line(
    case: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source, said = HOSTILE[case]
    Path("x.py").write_bytes(source.encode())
    code, out, err = ran("--from", "decorators", "x.py")
    assert (code, said in err) == (1, True), err
    assert not compile_text(out).plan or "let x" not in out
    assert list(tmp_path.iterdir()) == [tmp_path / "x.py"]


def test_a_template_of_one_name_may_become_the_name() -> None:
    text = imported("--from", "decorators", FILES[0], "--bare")
    assert "body: { order: order_id, items }" in text


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    assert ran("--from", "decorators", str(tmp_path / "none.py"))[0] == 3
    assert ran(str(tmp_path / "none.db"))[0] == 3
