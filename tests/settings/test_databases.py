"""Where databases are: one place reads their URLs, whoever names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fql.errors import SettingsError
from fql.settings.databases import application_at, store_at
from fql.settings.files import load_settings
from fql.settings.reading import SettingsFileError, read_settings
from fql.settings.source_tables import PostgresqlSource
from fql.store.opening import place_of_settings


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        ("memory:", "memory", "memory:"),
        ("sqlite:////var/fql.db", "sqlite", "/var/fql.db"),
        ("SQLite:////var/fql.db", "sqlite", "/var/fql.db"),
        ("postgresql://me:pw@host/db", "postgresql", "postgresql://***@host/db"),
        ("postgres://host/db?sslmode=require", "postgresql", "postgresql://host/db?sslmode=require"),
        ("POSTGRESQL://host", "postgresql", "postgresql://host"),
        ("postgresql:///db?host=/run/postgresql", "postgresql",
         "postgresql:///db?host=/run/postgresql"),
    ],
)  # fmt: skip
def test_a_store_is_known_by_its_url(text: str, kind: str, shown: str) -> None:
    found = store_at(text)
    assert (found.kind, found.shown) == (kind, shown)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("postgresql+psycopg://host/db", "the driver is psycopg"),
        ("postgresql+asyncpg://host/db", "leave it out"),
        ("postgresql://host/my db", "%20"),
        ("postgresql://u:a#b@host/db", "%23"),
        ("postgresql:/host/db", "postgresql://host:5432/database"),
        ("host=db dbname=shop", "postgresql://host:5432/database"),
        ("mysql://host/db", "'mysql' is not a known kind of store"),
        (":memory:", "one in memory is `memory:`"),
        ("fql.db", "write `sqlite:///fql.db`"),
        ("/var/fql.db", "write `sqlite:////var/fql.db`"),
        ("sqlite://fql.db", "write `sqlite:///fql.db`"),
        ("sqlite:fql.db", "three slashes"),
        ("", "this is not the URL of a store"),
    ],
)
def test_what_is_no_store_is_refused_with_the_words_that_help(text: str, words: str) -> None:
    with pytest.raises(SettingsError) as refused:
        store_at(text)
    assert words in f"{refused.value.message} {refused.value.hint}"


def test_the_application_is_a_file_or_on_a_server() -> None:
    assert application_at("shop.db", Path("/srv")).file == Path("/srv/shop.db")
    assert application_at("postgres://host/shop").url == "postgresql://host/shop"
    assert application_at("postgresql://host/shop?x=1").name == "shop"
    with pytest.raises(SettingsError, match="not of a known kind"):
        application_at("mysql://host/shop")


def test_a_source_on_a_server_takes_its_keys(tmp_path: Path) -> None:
    file = tmp_path / "fql.toml"
    file.write_text(
        '[sources.shop]\nkind = "postgresql"\nurl = "postgresql://app:${PASSWORD}@db/shop"\n'
        'poll = "20ms"\ninstall = true\ntriggers = "optional"\n'
    )
    source = load_settings(file, environment={"PASSWORD": "p/w"}).sources["shop"]
    assert isinstance(source, PostgresqlSource)
    assert source.url == "postgresql://app:p/w@db/shop"
    assert (source.poll, source.install, source.triggers) == (20, True, "optional")
    with pytest.raises(SettingsFileError, match=r"unknown key `database`.*`url`"):
        read_settings(
            '[sources.shop]\nkind = "postgresql"\nurl = "postgresql://x"\ndatabase = "x"\n'
        )
    with pytest.raises(SettingsFileError, match="names a driver"):
        read_settings('[sources.shop]\nkind = "postgresql"\nurl = "postgresql+asyncpg://x"\n')
    with pytest.raises(SettingsError, match=r"value of `\$\{PASSWORD\}`"):
        load_settings(file, environment={"PASSWORD": "a b"})


def test_the_schema_of_the_store() -> None:
    settings = read_settings('[project]\nname = "shop"\n[store]\nurl = "postgres://host/db"\n')
    place = place_of_settings(settings)
    assert (place.url, place.schema) == ("postgresql://host/db", "fql_shop")
    assert place_of_settings(settings, "postgresql://other/db").url == "postgresql://other/db"
    named = read_settings('[store]\nurl = "postgres://host/db"\nschema = "queue"\n')
    assert place_of_settings(named).schema == "queue"
    for name in ("", "Mixed", "pg_mine", "a-b", "x" * 64):
        with pytest.raises(SettingsFileError, match="name of a schema"):
            read_settings(f'[store]\nschema = "{name}"\n')


def test_keys_of_the_backend() -> None:
    """Those that the backend does not read are refused."""
    text = '[webhooks.dlq]\nbackend = "postgresql"\nschema = "ops"\nurl = "postgresql://h/d"\n'
    dlq = read_settings(text).webhooks.dlq
    assert (dlq.backend, dlq.schema_, dlq.url) == ("postgresql", "ops", "postgresql://h/d")
    assert read_settings("").webhooks.dlq.backend is None
    for keys, words in (
        ('backend = "sqlite"\nschema = "ops"', "`schema` has no effect with backend `sqlite`"),
        ('backend = "file"\npath = "x"\ntable = "t"', "`table` has no effect with backend `file`"),
        ('path = "x"', "`path` has no effect without a backend"),
        ('url = "postgresql://h/d"', "write backend ="),
        ('backend = "kafka"', "must be 'sqlite', 'postgresql', 'file' or 'nats'"),
    ):
        with pytest.raises(SettingsFileError, match=words):
            read_settings(f"[webhooks.dlq]\n{keys}\n")
