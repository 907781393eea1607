"""Connection strings are shown without user and password, wherever they came from."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fql.cli.examining.finding import Finding
from fql.cli.running.logs import JsonFormatter, TextFormatter
from fql.errors import FqlError, SettingsError, masked_urls
from fql.intake.voice import Voice
from fql.outbox.sqlite.database import opened
from fql.settings.databases import store_at
from fql.settings.files import load_settings
from fql.settings.reading import read_settings
from fql.store.opening import Place, require_store

SECRET = "hunter2"
STRINGS = [
    f"postgresql://user:{SECRET}@host/db",
    f"postgresql://{SECRET}@host/db",
    f"postgresql://user:p@{SECRET}/a@host:5432/db",
    f"POSTGRESQL+asyncpg://user:{SECRET}@[::1]/db?sslmode=require",
    f"postgresql://host/db?user=u&password={SECRET}",
    f"redis://host/0?api_key={SECRET}&token={SECRET}",
    f"host=db user=u password={SECRET} sslpassword={SECRET}",
    f"host=db password='{SECRET} and a blank'",
    f"sqlite://user:{SECRET}@host/db",
    f"sqlite:///user:{SECRET}@host/db?",
    f"sqlite:///fql.db?key=1&password={SECRET}",
    f"user:{SECRET}",
    f"{SECRET}:x",
    SECRET,
]
SERVERS = [each for each in STRINGS if each.startswith("postgresql://")]
PATHS = [each for each in STRINGS if "@host" in each or "=" in each]


@pytest.mark.parametrize("text", STRINGS)
def test_refused_store_does_not_show_its_password(text: str) -> None:
    if text in SERVERS:
        assert SECRET not in store_at(text).shown
        return
    with pytest.raises(SettingsError) as refused:
        store_at(text)
    assert SECRET not in f"{refused.value} {refused.value.hint} {refused.value!r}"


@pytest.mark.parametrize("text", STRINGS)
def test_value_of_the_environment_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """A store that is named by `${NAME}`."""
    file = tmp_path / "fql.toml"
    file.write_text('[store]\nurl = "${STORE}"\n', encoding="utf-8")
    settings = load_settings(file, environment={"STORE": text})
    if text in SERVERS:
        assert SECRET not in store_at(settings.store.url).shown
        return
    with pytest.raises(SettingsError) as refused:
        store_at(settings.store.url)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("text", PATHS)
def test_source_and_missing_store_do_not_show_it(tmp_path: Path, text: str) -> None:
    """A path has put one `/` for two by then."""
    with pytest.raises(FqlError) as refused, opened(tmp_path / text, writable=False):
        pass
    assert SECRET not in str(refused.value)
    with pytest.raises(FqlError, match=r"there is no store|does not name a file") as refused:
        require_store(Place(f"sqlite:///{tmp_path / text}"))
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("text", PATHS)
def test_settings_doctor_sources_and_logs_do_not_show_it(
    caplog: pytest.LogCaptureFixture, text: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings(f'[store]\nurl = ["{text}"]\n', "fql.toml")
    assert SECRET not in str(refused.value)
    assert SECRET not in Finding("store", "problem", f"{text} cannot be read").message
    voice = Voice("shop")
    voice.trouble("gone", f"{text} is gone", "mend it")
    voice.warn(text)
    assert SECRET not in caplog.text
    assert SECRET not in voice.has("gone")
    record = logging.LogRecord("fql.run", logging.ERROR, "", 0, "store %s", (text,), None)
    for formatter in (JsonFormatter(), TextFormatter()):
        assert SECRET not in formatter.format(record)


@pytest.mark.parametrize(
    "text",
    [
        "there is no store sqlite:////home/me@work/fql.db",
        "https://host:8443/orders answers (200)",
        "mail me@example.com: see https://example.com/",
        "set password=${PASSWORD}",
        'write url = "sqlite:///fql.db"',
        "a=b, key: value, monkey=1",
    ],
)
def test_what_holds_no_secret_stays(text: str) -> None:
    assert masked_urls(text) == text


def test_what_is_left_names_the_place() -> None:
    shown = masked_urls("postgresql://user:secret@host/db?password=x&sslmode=require")
    assert shown == "postgresql://***@host/db?password=***&sslmode=require"


@given(st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1))
def test_whatever_the_password_is(password: str) -> None:
    shown = masked_urls(f"there is no store 'postgresql://user:{password}@host/db', see")
    assert shown == "there is no store 'postgresql://***@host/db', see"
