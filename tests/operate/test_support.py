"""`fqlc support`: one file with what a report needs, and no secret in any spelling."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from fql.testing import MockWebhookServer
from tests.operate.shop import SOURCE, Shop

KEY = "whsec_" + "c2VjcmV0" * 5
TOKEN = "written-into-the-settings-4711"
PAGE = f'[ui]\ntoken = "{TOKEN}"\n'
SIGNED = SOURCE.replace("timeout: 5s", 'timeout: 5s  signing: { secret: "${SHOP_SECRET}" }')


def test_everything_is_there_but_secrets(
    tmp_path: Path, webhook_server: MockWebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_SECRET", KEY)
    shop = Shop(tmp_path, webhook_server, more=PAGE, source=SIGNED)
    (tmp_path / "fql.log").write_text(f"sent {KEY} to postgresql://me:hunter22@db/shop\n")
    done = shop.fqlc("support", "plan.json", "--log", "fql.log", "-o", "out.tar.gz")
    assert done.code == 0, done.err
    assert (tmp_path / "out.tar.gz").stat().st_mode & 0o777 == 0o600
    with tarfile.open(tmp_path / "out.tar.gz") as archive:
        files = {one.name: archive.extractfile(one) for one in archive.getmembers()}
        found = {name: file.read().decode() for name, file in files.items() if file is not None}
    assert {name.removeprefix("fql-support/") for name in found} == {
        "versions.txt", "settings.json", "plan.json", "status.json", "logs/fql.log",
    }  # fmt: skip
    whole = "".join(found.values())
    for secret in (KEY, TOKEN, "hunter22"):
        assert secret not in whole
    assert "there is no store" in found["fql-support/status.json"]
    assert json.loads(found["fql-support/plan.json"])["observers"]
    assert "SHOP_SECRET" in whole, "names stay"
    assert shop.fqlc("support", "plan.json", "--log", "gone.log").code == 2
    assert shop.fqlc("support", "plan.json", "-o", "no/where.tar.gz").code == 3
