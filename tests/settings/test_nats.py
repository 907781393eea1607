"""`[nats]`: where NATS is and who comes in, and what is refused with advice."""

from __future__ import annotations

from pathlib import Path

import pytest

from fql.errors import SettingsError
from fql.settings.brokers import Broker, broker_at, brokers_problem
from fql.settings.files import load_settings
from fql.settings.model import Settings

CREDENTIALS = "-----BEGIN NATS USER JWT-----\na.b.c\n------END NATS USER JWT------\n"


def loaded(folder: Path, text: str, **environment: str) -> Settings:
    """The settings of a file with this text."""
    file = folder / "fql.toml"
    file.write_text(text)
    return load_settings(file, environment=environment)


def test_the_addresses_of_nats(tmp_path: Path) -> None:
    one = loaded(tmp_path, '[nats]\nurl = "nats://me:${PW}@n1:4223"', PW="p").nats
    assert one is not None
    assert broker_at(one.url) == Broker(("nats://n1:4223",), user="me", password="p")
    two = loaded(tmp_path, '[nats]\nurl = ["tls://n1", "TLS://[::1]:1"]').nats
    assert two is not None
    assert broker_at(two.url) == Broker(("tls://n1:4222", "tls://[::1]:1"), secure=True)
    assert loaded(tmp_path, "").nats is None


def test_user_and_password_are_no_part_of_what_is_shown() -> None:
    broker = broker_at(["nats://me:p%40ss%2Fw@n1", "nats://n2"])
    assert (broker.user, broker.password) == ("me", "p@ss/w")
    assert broker.shown == "nats://n1:4222, nats://n2:4222"
    assert "p@ss" not in repr(broker)
    assert broker_at(["nats://t0ken@n1"]).token == "t0ken"


@pytest.mark.parametrize(
    ("urls", "told"),
    [
        ([], "an address is missing"),
        (["n1:4222"], "begins with nats:// or tls://"),
        (["http://n1"], "begins with nats:// or tls://"),
        (["nats://"], "does not name a host"),
        (["nats://n1:abc"], "does not name a host, or its port"),
        (["nats://n1:99999"], "does not name a host, or its port"),
        (["nats://n1,nats://n2"], "several addresses are a list"),
        (["nats://n1/orders"], "holds more than a host and a port"),
        (["nats://me:a#b@n1"], "holds more than a host and a port"),
        (["nats://n1", "tls://n2"], "give one of both"),
        (["nats://a:x@n1", "nats://b:y@n2"], "several users"),
    ],
)
def test_what_is_not_an_address_is_refused(urls: list[str], told: str) -> None:
    assert told in brokers_problem(urls)
    with pytest.raises(SettingsError, match="nats://host:4222"):
        try:
            broker_at(urls)
        except SettingsError as error:
            raise SettingsError(error.hint) from error


def test_a_wrong_address_is_told_with_its_line_and_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, '[nats]\nurl = "nats://me:secret@n1/x"')
    assert "fql.toml:2: nats.url: " in caught.value.message
    assert "secret" not in caught.value.message
    with pytest.raises(SettingsError, match=r"the value of `\$\{URL\}` is not allowed"):
        loaded(tmp_path, '[nats]\nurl = "${URL}"', URL="http://n1")
    with pytest.raises(SettingsError, match="needs the key `url`"):
        loaded(tmp_path, '[nats]\ncredentials = "x"')


def test_credentials_are_a_file_or_what_is_in_it(tmp_path: Path) -> None:
    table = '[nats]\nurl = "nats://n1"\ncredentials = '
    file = loaded(tmp_path, table + '"keys/me.creds"').nats
    assert file is not None
    assert file.credentials == str(tmp_path.resolve() / "keys/me.creds")
    given = loaded(tmp_path, table + '"${CREDS}"', CREDS=CREDENTIALS).nats
    assert given is not None
    assert given.credentials == CREDENTIALS
