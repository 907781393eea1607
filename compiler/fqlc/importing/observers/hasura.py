"""Event triggers of Hasura's metadata, from its folder or from exported JSON.

Receivers read Hasura's own envelope, so it is spelled out as the body.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fql.errors import not_installed
from fql.exact.reading import NotJson, read_object
from fqlc.importing.declarations import Row, declared
from fqlc.importing.failures import ImportFailed
from fqlc.importing.files import read_bytes
from fqlc.importing.model import Catalog
from fqlc.importing.naming import field_name
from fqlc.importing.observers.drafts import Action, Drafts, Entries, Observer, literal, text

_ENVIRONMENT = re.compile(r"\{\{\s*([A-Z_][A-Z0-9_]*)\s*\}\}")
_NAMED = r"${\1}"
_EVENTS = ("insert", "update", "delete")
_LEFT = ("enable_manual", "cleanup_config", "request_transform", "response_transform")

Object = Mapping[str, object]


def read_hasura(paths: Sequence[Path], catalog: Catalog) -> Drafts:
    """The event triggers, with entities from `catalog`. Raises SourceMissing, ImportFailed."""
    tables = [table for path in paths for table in _tables(path)]
    known = {table.name: table for table in catalog.tables}
    wanted = {_table_name(one): one for one in tables if _triggers(one)}
    problems = [
        f"there is no table `{name}` in the database" for name in wanted if name not in known
    ]
    kept = Catalog(
        tuple(t for n, t in known.items() if n in wanted), catalog.enums, catalog.records
    )
    groups = declared(kept)
    rows = {group.entity.table or "": group.entity for group in groups}
    found = [
        _Trigger(trigger, rows[name], name).observer()
        for name, table in wanted.items()
        if name in rows
        for trigger in _triggers(table)
    ]
    return Drafts(tuple(groups), tuple(found), tuple(problems))


# Files ------------------------------------------------------------------------


def _tables(path: Path) -> Iterator[Object]:
    if path.is_dir():
        files = sorted({*path.rglob("tables/*.yaml"), *path.rglob("tables.yaml")})
        if not files:
            raise ImportFailed(f"{path} has no tables", "name the folder `metadata`")
        for file in files:
            yield from _with_table(_yaml(file))
        return
    if path.suffix != ".json":
        yield from _with_table(_yaml(path))
        return
    try:
        found: object = read_object(read_bytes(path))
    except NotJson as error:
        raise ImportFailed(f"{path} is not metadata of Hasura: {error}") from None
    yield from _with_table(found)


def _with_table(found: object) -> Iterator[Object]:
    """All objects with a `table`, wherever they are in a document. What aliases of YAML repeat is
    looked at once, or a short text would take for ever."""
    waiting, seen = [found], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, Mapping):
            if "table" in one:
                yield one
            else:
                waiting += [one.get(name) for name in ("tables", "sources", "metadata")]
        elif isinstance(one, Sequence) and not isinstance(one, str | bytes):
            waiting += reversed(one)


def _yaml(path: Path) -> object:
    try:
        import yaml
    except ImportError:
        raise not_installed("Hasura's metadata", "pyyaml", "import") from None

    # A class of its own: `!include` means nothing here, since every file is read.
    loader = type("Loader", (yaml.SafeLoader,), {})
    yaml.add_constructor("!include", lambda _loader, _node: None, loader)
    try:
        return yaml.load(read_bytes(path), loader)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        said = " ".join(str(error).split())[:200]
        raise ImportFailed(f"{path} is not YAML: {said}") from None


def _table_name(table: Object) -> str:
    found = table["table"]
    if isinstance(found, Mapping):
        schema, name = found.get("schema", "public"), found.get("name", "")
        return f"{schema}.{name}".removeprefix("public.")
    return str(found)


def _triggers(table: Object) -> list[Object]:
    found = table.get("event_triggers")
    return [t for t in found if isinstance(t, Mapping)] if isinstance(found, list) else []


# Triggers ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Trigger:
    """One event trigger over the table of an entity."""

    given: Object
    entity: Row
    table: str

    @property
    def _definition(self) -> Object:
        return _object(self.given.get("definition"))

    @property
    def _events(self) -> list[str]:
        return [event for event in _EVENTS if event in self._definition]

    def observer(self) -> Observer:
        """The observer that calls the same webhook with the same envelope."""
        name = str(self.given.get("name", "trigger"))
        on = ", ".join(f"{self.entity.name}.{event}" for event in self._events or ("insert",))
        entries: list[tuple[str, str]] = [("on", f"[{on}]" if "," in on else on)]
        if when := self._when():
            entries.append(("when", when))
        notes = tuple(
            f"`{key}` of Hasura has no counterpart: write it by hand if it is needed"
            for key in _LEFT
            if self.given.get(key) or self._definition.get(key)
        )
        action = Action("call_hook", self._entries(name), notes)
        return Observer(field_name(name), self.entity.name, tuple(entries), (action,))

    def _when(self) -> str:
        """Hasura sends an update if one of the listed columns has changed."""
        listed = _object(self._definition.get("update")).get("columns")
        if not isinstance(listed, list):
            return ""
        fields = {field.column: field.name for field in self.entity.fields if field.type}
        tests = [f"{fields[str(c)]}.changed()" for c in listed if str(c) in fields]
        others = ['_event != "update"'] if tests and self._events != ["update"] else []
        return " || ".join([*others, *tests])

    def _entries(self, name: str) -> Entries:
        retry = _object(self.given.get("retry_conf"))
        delay, timeout = _whole(retry, "interval_sec", 10), _whole(retry, "timeout_sec", 60)
        times = _whole(retry, "num_retries", 0) + 1
        policy = f"max_attempts: {times}, backoff: fixed, initial_delay: {delay}s"
        entries = [
            ("url", self._value("webhook")),
            ("timeout", f"{timeout}s"),
            ("retry", f"{{ {policy}, max_delay: {delay}s, jitter: none }}"),
        ]
        headers = self.given.get("headers")
        listed = headers if isinstance(headers, list) else []
        written = [_header(one) for one in listed if isinstance(one, Mapping)]
        entries += [("headers", f"{{ {', '.join(written)} }}")] if written else []
        return (*entries, ("body", self._body(name)))

    def _value(self, key: str) -> str:
        named = self.given.get(f"{key}_from_env")
        given = f"${{{named}}}" if named else str(self.given.get(key, ""))
        return text(_ENVIRONMENT.sub(_NAMED, given))

    def _body(self, name: str) -> str:
        schema, _, table = self.table.rpartition(".")
        events = self._events or ["insert"]
        old = "_old" if set(events) != {"insert"} else "null"
        new = "_new" if set(events) != {"delete"} else "null"
        place = literal({"schema": schema or "public", "name": table})
        trigger = literal({"name": name})
        return (
            f"{{ id: _id, created_at: _timestamp, table: {place}, trigger: {trigger},"
            " event: { op: _event.upper(), session_variables: null,"
            f" data: {{ old: {old}, new: {new} }} }} }}"
        )


def _header(one: Object) -> str:
    named = one.get("value_from_env")
    value = f"${{{named}}}" if named else str(one.get("value", ""))
    name = text(str(one.get("name", "")))
    return f"{name}: {text(_ENVIRONMENT.sub(_NAMED, value))}"


def _object(value: object) -> Object:
    return value if isinstance(value, Mapping) else {}


def _whole(given: Object, key: str, default: int) -> int:
    value = given.get(key)
    return value if isinstance(value, int) and 0 <= value < 10**6 else default
