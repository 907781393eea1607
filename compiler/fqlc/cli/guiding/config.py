"""`fqlc config`: each setting, its value, and where that comes from."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
from click.core import ParameterSource

from fql.errors import SettingsError, UsageError, masked_urls
from fql.near import did_you_mean
from fql.settings.listing.listed import Listed
from fql.terminal.environment import cache_folder
from fql.terminal.lines import data, json_line
from fql.terminal.options import format_option, store_option
from fql.terminal.talk import talk_level
from fqlc.cli.guiding.keys import keys_of, secrets_beside, with_tables
from fqlc.cli.inputs import source_options, without_cache
from fqlc.project.errors import CommandError
from fqlc.project.files import label, settings_of


@dataclass(frozen=True, slots=True)
class Setting:
    """A key with its value, and where that comes from: an option, a name of the environment, a line
    of a file, or `default`."""

    key: str
    value: object
    origin: str
    default: object
    doc: str
    file: str | None = None
    line: int | None = None
    state: str = ""


@click.command(
    epilog="\b\nExamples:\n  fqlc config\n  fqlc config store.url\n  fqlc config webhooks.retry -v"
)
@click.argument("key", required=False)
@format_option()
@store_option()
@source_options
@click.pass_context
def config(
    ctx: click.Context, key: str | None, *, form: str, store: str | None, settings: str | None
) -> None:
    """Show each setting with its value, and where that comes from.

    A flag wins over the environment, that over fql.toml, and that over the default. With KEY only
    that key, or the keys of that table; with -v what each means. Of secrets the name is shown, and
    whether it is set. Exit code 1 when the file has errors.
    """
    place = Path(settings) if settings else settings_of(())
    file = label(place) if place else None
    try:
        found = [*_of_commands(ctx, file, form), *_of_file(ctx, file, store)]
    except SettingsError as error:
        if place is None or not place.exists():
            raise
        raise CommandError(error.message, error.hint) from None
    chosen = [s for s in found if key is None or s.key == key or s.key.startswith(f"{key}.")]
    if not chosen:
        known = with_tables(s.key for s in found)
        hint = did_you_mean(key or "", known) or "`fqlc config` lists all"
        raise UsageError(f"there is no key `{key}`", hint=hint)
    for setting in chosen:
        _show(setting, form)


def _show(setting: Setting, form: str) -> None:
    if form == "json":
        json_line({"key": setting.key, "value": setting.value, "origin": setting.origin,
                   "file": setting.file, "line": setting.line, "default": setting.default,
                   **({"state": setting.state} if setting.state else {})})  # fmt: skip
        return
    state = f" ({setting.state})" if setting.state else ""
    origin = click.style(f"# {setting.origin}", dim=True)
    data(f"{setting.key} = {_as_toml(setting.value)}{state}  {origin}")
    if talk_level() > 0 and setting.doc:
        data(f"    {' '.join(setting.doc.split())}")


def _as_toml(value: object) -> str:
    from fql.exact.writing import json_text

    return "off" if value is None else json_text(value)


def _of_file(ctx: click.Context, file: str | None, store: str | None) -> Iterator[Setting]:
    """The keys of `fql.toml`; `store.url` may be given otherwise. Raises SettingsError."""
    keys = keys_of(file)
    secrets = secrets_beside(file) if any(one.names for one in keys) else {}
    for one in keys:
        if one.key == "store.url" and store is not None:
            origin = _given(ctx, "store", "--store", "FQLC_STORE") or "--store"
            yield Setting(one.key, masked_urls(store), origin, one.default, one.doc)
        elif one.line and file:
            yield Setting(
                key=one.key, value=one.value, origin=f"{file}:{one.line}", default=one.default,
                doc=one.doc, file=file, line=one.line, state=_state(one, secrets),
            )  # fmt: skip
        else:
            yield Setting(one.key, one.value, "default", one.default, one.doc)


def _state(one: Listed, secrets: Mapping[str, str]) -> str:
    """Whether the names in a value are set."""
    states = {name: "set" if name in secrets else "missing" for name in one.names}
    if one.value == f"${{{''.join(one.names[:1])}}}":
        return states[one.names[0]]
    return ", ".join(f"{name} {state}" for name, state in states.items())


def _of_commands(ctx: click.Context, file: str | None, form: str) -> Iterator[Setting]:
    """What sets up the commands themselves."""
    root = ctx.find_root()
    color = root.params.get("color", "auto")
    folder = cache_folder(os.environ, sys.platform, Path.home)
    rows: tuple[tuple[click.Context, str, str, object, object, str], ...] = (
        (ctx, "settings", "settings", file, "fql.toml", "the settings file"),
        (ctx, "form", "format", form, "text", "the format of output"),
        (root, "color", "color", color, "auto", "whether output is coloured"),
        (ctx, "quiet", "quiet", max(0, -talk_level()), 0, "how much is left out of the talk"),
        (ctx, "verbose", "verbose", max(0, talk_level()), 0, "how much is added to the talk"),
        (ctx, "no_cache", "no_cache", without_cache(), False, "compile without the cache"),
    )
    for where, name, key, value, default, doc in rows:
        origin = _given(where, name, f"--{key.replace('_', '-')}", f"FQLC_{key.upper()}")
        yield Setting(key, value, origin or "default", default, doc)
    own = bool(os.environ.get("FQLC_CACHE_DIR"))
    default_folder = cache_folder({**os.environ, "FQLC_CACHE_DIR": ""}, sys.platform, Path.home)
    yield Setting("cache_dir", str(folder) if folder else None,
                  "FQLC_CACHE_DIR" if own else "default",
                  str(default_folder) if default_folder else None,
                  "the folder of the cache of compiles")  # fmt: skip


def _given(ctx: click.Context, name: str, option: str, environment: str) -> str:
    """The option or the name of the environment that gave a parameter; empty for its default."""
    source = ctx.get_parameter_source(name)
    if source is ParameterSource.COMMANDLINE:
        return option
    return environment if source is ParameterSource.ENVIRONMENT else ""
