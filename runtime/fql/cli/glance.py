"""What commands that look at an engine and its store need of `fql.toml`, without the models of all
settings, which take longer to make than most of these commands take.

A glance judges nothing. Where it meets anything that is not as plain as it expects, such as a name
of the environment or a key that is not known, the settings are read as a whole, which says what is
wrong with them in its own words. Decision 0310.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fql.plan.stored.files import LONGEST_SETTINGS, read_regular
from fql.settings.databases import SQLITE, beside, store_at
from fql.store.opening import LETTERS, SCHEMA, Place, settings_above

if TYPE_CHECKING:
    from fql.cli.project import Project

TABLES: Mapping[str, frozenset[str]] = {
    "": frozenset({
        "project", "webhooks", "store", "sources", "nats", "egress", "observability", "ui",
        "secrets", "contracts",
    }),
    "project": frozenset({"name", "version", "files", "calls", "exclude"}),
    "store": frozenset({
        "url", "schema", "engines", "max_open", "keep_runs", "keep_unmatched", "max_size",
        "remember", "remember_max",
    }),
    "webhooks": frozenset({
        "test_url", "retry", "signing", "batching", "rate_limiting", "circuit", "dlq", "dispatch",
        "timeout", "concurrency", "max_age", "max_body", "max_response",
    }),
    "webhooks.dlq": frozenset({
        "enabled", "backend", "table", "schema", "url", "path", "rotation", "compress", "stream",
        "bucket", "retention", "max_size",
    }),
    "observability": frozenset({"prometheus", "tracing", "logging"}),
    "observability.prometheus": frozenset({"enabled", "host", "port", "namespace"}),
}  # fmt: skip
"""The tables that are looked into, with all of their keys."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_HOST = re.compile(r"[A-Za-z0-9.:-]*")
EVERYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104  (compared, not listened on)


class Port(Protocol):
    """A metrics port: a `Prometheus` of the settings, or `SeenPort`."""

    @property
    def enabled(self) -> bool: ...
    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def namespace(self) -> str: ...


@dataclass(frozen=True, slots=True)
class SeenPort:
    """A metrics port as the file has it."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = 9090
    namespace: str = "fql"


@dataclass(frozen=True, slots=True)
class Seen:
    """Where the store is, and the metrics port if there is one."""

    place: Place
    port: Port | None


class _NotPlain(Exception):
    """The file says something that only the whole reading understands."""


def seen(store: str | None, settings_file: str | None) -> Seen:
    """Where the store of the command line or the settings is, and the metrics port. Raises
    SettingsError, MissingSecrets."""
    file = Path(settings_file) if settings_file else settings_above(Path.cwd())
    try:
        return (
            Seen(Place(store_at(f"{SQLITE}fql.db" if store is None else store).url), None)
            if file is None
            else (_glanced(_document(file), store, file.parent))
        )
    except _NotPlain:
        return _whole(store, settings_file)


def page_of(port: Port, page: str) -> str:
    """Where this machine reaches a page of the metrics port."""
    host = "127.0.0.1" if port.host in EVERYWHERE else port.host
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{port.port}/{page}"


def _whole(store: str | None, settings_file: str | None) -> Seen:
    from fql.cli.project import find_project

    project: Project = find_project(settings_file).resolved()
    return Seen(project.store_place(store), project.settings.observability.prometheus)


def _document(file: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(read_regular(file, LONGEST_SETTINGS).decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        raise _NotPlain from None


def _glanced(document: Mapping[str, object], store: str | None, folder: Path) -> Seen:
    for path in TABLES:
        if not _table(document, path).keys() <= TABLES[path]:
            raise _NotPlain
    own = _table(document, "store")
    url = _text_of(own, "url", f"{SQLITE}fql.db")
    project = _text_of(_table(document, "project"), "name", SCHEMA.removeprefix("fql_"), _NAME)
    if "url" in own:
        url = beside(url, folder.resolve())
    database = store_at(url if store is None else store)
    if database.kind == "nats":
        raise _NotPlain
    place = Place(
        database.url,
        letters=_text_of(_table(document, "webhooks.dlq"), "table", LETTERS, _NAME),
        schema=_text_of(own, "schema", f"fql_{project}", _NAME),
        alone=_text_of(own, "engines", "shared", re.compile("shared|single")) == "single",
    )
    return Seen(place, _port(document))


def _port(document: Mapping[str, object]) -> Port | None:
    if "prometheus" not in _table(document, "observability"):
        return None
    table, default = _table(document, "observability.prometheus"), SeenPort()
    enabled, port = table.get("enabled", default.enabled), table.get("port", default.port)
    if not isinstance(enabled, bool) or type(port) is not int or not 0 <= port < 1 << 16:
        raise _NotPlain
    host, namespace = (
        _text_of(table, "host", default.host, _HOST),
        _text_of(table, "namespace", default.namespace, _NAME),
    )
    return SeenPort(enabled, host, port, namespace)


def _table(document: Mapping[str, object], path: str) -> Mapping[str, object]:
    """A table of the file, empty where there is none."""
    found: object = document
    for part in filter(None, path.split(".")):
        found = found.get(part, {}) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        raise _NotPlain
    return found


def _text_of(
    table: Mapping[str, object], key: str, default: str, form: re.Pattern[str] | None = None
) -> str:
    value = table.get(key, default)
    if not isinstance(value, str) or "${" in value or (form and not form.fullmatch(value)):
        raise _NotPlain
    return value
