"""Secrets in files: found, bounded, read again while the engine works, all of them or none."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fql.egress.sealing.verify import verify
from fql.errors import MissingSecrets, SettingsError
from fql.plan.environment import require
from fql.settings.secrets import SecretFiles, Secrets
from fql.testing import MockWebhookServer
from fql.testing.received import ReceivedRequest
from tests.operate.shop import SOURCE, Shop, stopped, until

SIGNED = SOURCE.replace("timeout: 5s", 'timeout: 5s  signing: { secret: "${SHOP_SECRET}" }')
OLD, NEW = "whsec_" + "b2xk" * 11, "whsec_" + "bmV3" * 11
FILES = '[secrets]\nfolders = ["secrets"]\n'


def test_the_first_hit_wins(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "TOKEN").write_text(f"of {folder}\n")
    (tmp_path / "two" / "ONLY").write_bytes(b"line\r\nend\r\n")
    (tmp_path / "named").write_text("of a file\n\n")
    (tmp_path / "lines").write_text("# a comment\n\nexport LINE = 'of a line'\nTOKEN=x\n")
    files = SecretFiles(folders=("${NOWHERE}", "one", "two"), env_file="lines")

    def found(**environment: str) -> Secrets:
        return Secrets(files, environment, tmp_path)

    named = str(tmp_path / "named")
    assert found(TOKEN="here", TOKEN_FILE=named)["TOKEN"] == "here"
    assert found(TOKEN_FILE=named)["TOKEN"] == "of a file\n", "one line end is cut"
    assert found()["TOKEN"] == "of one"
    assert found()["ONLY"] == "line\r\nend"
    assert found()["LINE"] == "of a line"
    assert "ABSENT" not in found()
    assert found().place("TOKEN") == str(tmp_path / "one" / "TOKEN")


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"a\0b", "NUL"), (b"x" * 65_537, "more than 65,536 bytes"), (b"\xff", "not UTF-8")],
)
def test_what_is_not_a_secret_is_refused_and_not_shown(
    tmp_path: Path, content: bytes, words: str
) -> None:
    (tmp_path / "TOKEN").write_bytes(content)
    with pytest.raises(SettingsError, match=words) as caught:
        Secrets(SecretFiles(folders=(".",)), {}, tmp_path)["TOKEN"]
    assert "xxx" not in str(caught.value)
    (tmp_path / "lines").write_text("GOOD=1\nvery secret\n")
    with pytest.raises(SettingsError, match="line 2: it is not NAME=value") as caught:
        Secrets(SecretFiles(env_file="lines"), {}, tmp_path)["TOKEN"]
    assert "very" not in str(caught.value)
    with pytest.raises(SettingsError, match="No such file"):
        Secrets(SecretFiles(), {"TOKEN_FILE": str(tmp_path / "gone")})["TOKEN"]


def test_all_are_read_again_or_none(tmp_path: Path) -> None:
    for name in ("A", "B"):
        (tmp_path / name).write_text("old")
    secrets = Secrets(SecretFiles(folders=(".",)), {}, tmp_path)
    assert (secrets["A"], secrets["B"]) == ("old", "old")
    (tmp_path / "A").write_text("new")
    assert secrets["A"] == "old", "until it is read again"
    (tmp_path / "B").write_bytes(b"\0")
    with pytest.raises(SettingsError):
        secrets.read_again()
    assert secrets["A"] == "old"
    (tmp_path / "B").write_text("old")
    with pytest.raises(KeyError), secrets.renewed():
        assert secrets["A"] == "new"
        raise KeyError
    assert secrets["A"] == "old"
    assert secrets.read_again() == ("A",)


def signs(secret: str, request: ReceivedRequest) -> bool:
    headers, now = request.headers, time.time()
    return verify(headers, request.body, (secret,), scheme="standard", tolerance=600, now=now)


@pytest.fixture
def receiver() -> Iterator[MockWebhookServer]:
    """It accepts what either secret signs."""
    with MockWebhookServer(verify=(OLD, NEW)) as server:
        yield server


def test_a_signing_secret_rotates_under_a_running_engine(
    tmp_path: Path, receiver: MockWebhookServer
) -> None:
    """As Kubernetes does it: a link is swapped for one to another folder. Then by SIGHUP."""
    for name, secret in (("first", OLD), ("second", NEW)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "SHOP_SECRET").write_text(f"{secret}\n")
    (tmp_path / "secrets").symlink_to("first")
    shop = Shop(tmp_path, receiver, more=FILES, source=SIGNED)
    with shop.engine(first="import fql.cli.running.rotating as r; r.SECONDS = 0.1") as engine:
        shop.order(1)
        until(lambda: shop.heard() == [1])
        (tmp_path / "next").symlink_to("second")
        (tmp_path / "next").replace(tmp_path / "secrets")
        until(lambda: "reloaded: plan" in shop.log)
        shop.order(2)
        until(lambda: shop.heard() == [1, 2])
        (tmp_path / "secrets" / "SHOP_SECRET").write_bytes(b"\0")
        engine.send_signal(signal.SIGHUP)
        until(lambda: "not reloaded: the secret SHOP_SECRET" in shop.log)
        shop.order(3)
        until(lambda: shop.heard() == [1, 2, 3])
        assert stopped(engine) == 0
    one, two, three = receiver.requests
    assert (signs(OLD, one), signs(NEW, one)) == (True, False)
    assert (signs(OLD, two), signs(NEW, two)) == (False, True)
    assert signs(NEW, three), "what could not be read changes nothing"
    assert "secrets have changed: SHOP_SECRET" in shop.log
    assert OLD not in shop.log
    assert NEW not in shop.log


def test_a_name_without_a_value_is_told_with_all_places(tmp_path: Path) -> None:
    files = SecretFiles(folders=("secrets", "/run/secrets"), env_file=".env")
    (tmp_path / ".env").write_text("OTHER=1\n")
    with pytest.raises(MissingSecrets) as missing:
        require({"KEY": ["endpoint shop"]}, Secrets(files, {}, tmp_path))
    assert missing.value.message == "1 name is not set: KEY (used by endpoint shop)"
    assert missing.value.places == (
        "the environment", "the file that NAME_FILE names", f"{tmp_path}/secrets/NAME",
        "/run/secrets/NAME", f"{tmp_path}/.env",
    )  # fmt: skip
    assert all(place in missing.value.hint for place in missing.value.places)
    with pytest.raises(MissingSecrets) as missing:
        require({"KEY": ["a"]}, {})
    assert "looked for in the environment;" in missing.value.hint
