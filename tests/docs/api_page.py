"""The Python reference, printed from the packages; `python -m tests.docs.api_page` accepts."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import get_args

PAGE = Path(__file__).parents[2] / "docs/reference/api.md"
MODULES = (
    "fql", "fql.blocking", "fql.outbox", "fql.webhooks", "fql.testing", "fqlc",
    "fql.contrib.alembic",
)  # fmt: skip

HEAD = """# Every public name of Python

Printed from the packages by `python -m tests.docs.api_page`; a test keeps it current.
[Python](python.md) shows how they are used. Names that are not here may change.
"""


def page() -> str:
    """The whole page."""
    return HEAD + "".join("\n".join(_module(name)) for name in MODULES)


def names_of(module: ModuleType) -> list[str]:
    """The public names of a module."""
    named = getattr(module, "__all__", None) or [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
    ]
    return sorted(name for name in named if not name.startswith("__"))


def _module(name: str) -> Iterator[str]:
    module = importlib.import_module(name)
    yield f"\n## `{name}`\n"
    for member in names_of(module):
        yield from _name(name, member, getattr(module, member))


def _name(module: str, name: str, value: object) -> Iterator[str]:
    if inspect.isclass(value):
        yield f"\n### `{name}`\n"
        yield f"{_text(value)}\n"
        rows = list(_members(value))
        if rows:
            yield "| member | does |\n|---|---|"
            yield from rows
            yield ""
    elif callable(value):
        yield f"\n### `{name}{_signature(value)}`\n"
        yield f"{_text(value)}\n"
    else:
        yield f"\n### `{name}`\n\n`{value!r}`\n"


def _members(cls: type) -> Iterator[str]:
    """What users call or read, their own and inherited from us; plain fields are in the text."""
    for name in sorted(dir(cls)):
        if name.startswith(("_", "model_")) or name in dir(BaseException):
            continue
        value = inspect.getattr_static(cls, name)
        if not _is_ours(value, cls, name):
            continue
        if isinstance(value, property):
            yield f"| `{name}` | {_line(value.fget)} |"
        elif inspect.isfunction(value):
            called = "await " if inspect.iscoroutinefunction(value) else ""
            yield f"| `{called}{name}{_signature(value)}` | {_line(value)} |"


def _is_ours(value: object, cls: type, name: str) -> bool:
    owner = next((base for base in cls.__mro__ if name in vars(base)), cls)
    return owner.__module__.split(".")[0] in ("fql", "fqlc") and value is not None


def _signature(value: object) -> str:
    """The arguments without types but for defaults: what one has to write."""
    try:
        found = inspect.signature(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return "()"
    parts: list[inspect.Parameter] = []
    for name, parameter in found.parameters.items():
        if name != "self":
            parts += _written(parameter, value)
    text = str(found.replace(parameters=parts, return_annotation=inspect.Signature.empty))
    return re.sub(r"<[^>]*>|Ellipsis", "...", text).replace("|", "\\|")


def _written(parameter: inspect.Parameter, owner: object) -> list[inspect.Parameter]:
    """The parameter; for `**` of a TypedDict each of its keys, which may all be left out."""
    if parameter.kind is inspect.Parameter.VAR_KEYWORD and "Unpack" in str(parameter.annotation):
        (keys,) = get_args(eval(parameter.annotation, owner.__globals__))  # type: ignore[attr-defined]
        only, absent = inspect.Parameter.KEYWORD_ONLY, ...
        return [inspect.Parameter(key, only, default=absent) for key in keys.__annotations__]
    return [parameter.replace(annotation=inspect.Parameter.empty)]


def _text(value: object) -> str:
    return inspect.getdoc(value) or ""


def _line(value: object) -> str:
    return " ".join((inspect.getdoc(value) or "").split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
