"""`[project] calls`: the functions of `call` actions, imported for `fqlc run`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module

from fql.actions.calls.functions import Function
from fql.cli.project import Project
from fql.errors import SettingsError


def functions_of(project: Project) -> Mapping[str, Function]:
    """The functions by name; none where the settings name none. Raises SettingsError for a module
    that cannot be imported, with what it raised, and for an object that is not such a dict."""
    place = project.settings.project.calls
    if not place:
        return {}
    module, _, name = place.partition(":")
    folder = str(project.folder.resolve())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    found = getattr(_imported(place, module), name, None)
    if not isinstance(found, Mapping):
        wrong = "has no" if found is None else f"has {type(found).__name__} as its"
        raise SettingsError(
            f"[project] calls: the module {module} {wrong} {name}",
            hint='it is a dict of functions by name: `CALLS = {"reserve_stock": reserve_stock}`',
        )
    return found


def _imported(place: str, module: str) -> object:
    try:
        return import_module(module)
    except (Exception, SystemExit) as problem:
        raise SettingsError(
            f"[project] calls: {place} cannot be imported: {type(problem).__name__}: {problem}",
            hint="the module is searched from the folder of fql.toml",
        ) from problem
