"""The names of a project as its last compile had them, kept beside the cache for completion."""

from __future__ import annotations

import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from fql.exact.kinds import as_list, as_object, as_objects
from fql.exact.light import light_text, read_lightly
from fqlc.project.cache import Cache
from fqlc.project.files import settings_of, working_folder

LARGEST = 20_000_000
"""Bytes of a plan from which on nobody looks through its names by a key."""

Names = Mapping[str, tuple[str, ...]]
"""The names of `observers`, `actions` as `OBSERVER.ACTION`, `endpoints`, and `entities`."""


def keep_names(cache: Cache, settings: str | None, plan: bytes) -> None:
    """Keep the names of a plan for its project."""
    if len(plan) <= LARGEST:
        text = light_text({kind: list(names) for kind, names in names_in(plan).items()})
        cache.save_named(_project_key(settings), text.encode())


def known_names(cache: Cache) -> Names:
    """Those of the project around the working folder; none where it was never compiled, or where
    what was kept cannot be read."""
    found = settings_of(())
    try:
        kept = as_object(
            read_lightly(cache.load_named(_project_key(str(found) if found else None)))
        )
        return {kind: tuple(str(name) for name in as_list(names)) for kind, names in kept.items()}
    except (OSError, ValueError, TypeError):
        return {}


def names_in(plan: bytes) -> Names:
    """The names of a plan, sorted."""
    document = as_object(read_lightly(plan))
    observers = as_objects(document["observers"])
    actions = [
        f"{observer['name']}.{node['name']}"
        for observer in observers
        for node in as_objects(observer["nodes"])
    ]
    return {
        "observers": _sorted(observers),
        "actions": tuple(sorted(actions)),
        "endpoints": _sorted(as_objects(document["endpoints"])),
        "entities": _sorted(as_objects(document["entities"])),
    }


def _sorted(declarations: list[dict[str, object]]) -> tuple[str, ...]:
    return tuple(sorted(str(one["name"]) for one in declarations))


def _project_key(settings: str | None) -> str:
    """A project is its settings file, or the working folder."""
    here = working_folder()
    place = os.path.realpath(here / settings) if settings else os.path.realpath(Path(here))
    return sha256(place.encode("utf-8", "surrogateescape")).hexdigest()
