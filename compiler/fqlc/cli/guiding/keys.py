"""The keys of `fql.toml`, from the cache where the file is as it was: judging it takes longer than
people want to wait for one value."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from fql.exact.kinds import as_a, as_list, as_object
from fql.exact.light import light_text, read_lightly
from fql.plan.stored.files import LONGEST_SETTINGS, read_regular
from fql.settings.listing.listed import Listed
from fqlc.cli.inputs import cache_in_use
from fqlc.project.cache import Cache


def keys_of(file: str | None) -> list[Listed]:
    """The keys of a settings file, or the defaults. Raises SettingsError for a file that cannot be
    read or has errors."""
    data = b""
    if file is not None:
        with suppress(OSError):
            data = read_regular(file, LONGEST_SETTINGS)
    cache = cache_in_use()
    key = sha256(f"{cache.maker if cache else ''} {file}".encode() + data).hexdigest()
    known = _kept(cache, key) if cache else None
    if known is None:
        known = _judged(file)
        if cache:
            cache.save_named(key, light_text({"keys": list(map(asdict, known))}).encode())
    return known


def with_tables(keys: Iterable[str]) -> list[str]:
    """The keys, and before those of a table its name, which stands for all of them."""
    names: dict[str, None] = {}
    for key in keys:
        parts = key.split(".")
        names |= dict.fromkeys(".".join(parts[:end]) for end in range(1, len(parts) + 1))
    return list(names)


def _judged(file: str | None) -> list[Listed]:
    from fql.settings.files import text_of
    from fql.settings.listing.walk import listed
    from fql.settings.model import Settings
    from fql.settings.reading import read_settings

    text = text_of(Path(file)) if file else ""
    return list(listed(text, read_settings(text, file) if file else Settings()))


def _kept(cache: Cache, key: str) -> list[Listed] | None:
    try:
        kept = as_object(read_lightly(cache.load_named(key)))
        return [_listed(as_object(one)) for one in as_list(kept["keys"])]
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _listed(kept: Mapping[str, object]) -> Listed:
    names = tuple(str(name) for name in as_list(kept["names"]))
    key, doc, line = as_a(str, kept["key"]), as_a(str, kept["doc"]), as_a(int, kept["line"])
    return Listed(key, kept["value"], kept["default"], line, doc, names)


def secrets_beside(file: str | None) -> Mapping[str, str]:
    """The environment, completed by the files of `[secrets]`. Raises SettingsError."""
    from fql.settings.files import read_file
    from fql.settings.secrets import secrets_of

    if file is None:
        return os.environ
    return secrets_of(read_file(Path(file)).secrets, os.environ, Path(file).parent)
