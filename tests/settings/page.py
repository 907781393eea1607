"""Prints `docs/reference/settings.md` from the model: `python -m tests.settings.page`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from fql.plan.policy.keys import Kind
from fql.settings.listing.walk import default_of, has_kind, policy_of, table_of
from fql.settings.model import Settings
from fql.settings.source_tables import SOURCE_KINDS
from fql.settings.values import Duration, Ports, Size, Within, Words

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"

HEAD = """# Settings: `fql.toml`

The commands look for `fql.toml` in the working folder and upwards; `--settings FILE` names another.
Relative paths start from its folder. Unknown keys and tables are errors. Durations are texts such
as `"100ms"`, `"30s"`, `"7d"`, sizes such as `"64KB"`, `"10GB"` (powers of ten) or `"1KiB"` (powers
of two): the unit right after the number, as in a `.fql` file. `${NAME}` in a text
is a variable of the environment; all that are missing are reported together before anything runs.

Policies are taken from the action, then the observer, the endpoint, the `defaults` block,
`fql.toml`, the built-in default. `[webhooks]` with `retry`, `circuit`, `signing`, `batching` and
`rate_limiting` is read by `fqlc compile` and becomes part of the plan; the rest is read when a plan
runs. `signing`, `batching`, `rate_limiting`, `prometheus` and `tracing` are on when their table is
present, unless it says `enabled = false`.

This page is printed from the model (`python -m tests.settings.page`).
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_tables(Settings, "")]) + "\n"


def _tables(model: type[BaseModel], prefix: str) -> Iterator[str]:
    plain = {n: f for n, f in model.model_fields.items() if not table_of(f) and n != "sources"}
    if plain:
        yield _table(model, prefix, plain)
    for name, field in model.model_fields.items():
        if name == "sources" and model is Settings:
            for kind, table in SOURCE_KINDS.items():
                yield _table(table, f"sources.NAME] with kind = [{kind}", table.model_fields)
        elif inner := table_of(field):
            own = f"{prefix}.{name}" if prefix else name
            yield from _tables(inner, f"{own}.NAME" if field.default_factory is dict else own)


def _table(model: type[BaseModel], name: str, fields: dict[str, FieldInfo]) -> str:
    shown = name.replace("] with kind = [", '` with `kind = "') + ('"' if "] with" in name else "]")
    lines = [f"## `[{shown}`" if shown.endswith("]") else f"## `[{shown.replace('`', ']`', 1)}`"]
    lines += ["", (model.__doc__ or "").strip(), "", "| key | type | default | range | meaning |"]
    lines += ["|---|---|---|---|---|"]
    for key, field in fields.items():
        cells = (
            f"`{field.alias or key}`", _type(field), _default(field), _range(field),
            field.description or "",
        )  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


POLICY_TYPES = {
    Kind.DURATION: "duration", Kind.SIZE: "size", Kind.STATUSES: "statuses", Kind.INT: "integer",
    Kind.NUMBER: "number", Kind.BOOLEAN: "true, false", Kind.TEXT: "text", Kind.SECRETS: "text",
}  # fmt: skip


def _type(field: FieldInfo) -> str:
    if (key := policy_of(field)) and not key.words:
        return POLICY_TYPES[key.kind]
    for kind, name in ((Duration, "duration"), (Size, "size")):
        if has_kind(field, kind):
            return name
    words = [arg for arg in get_args(field.annotation) if isinstance(arg, str)]
    if words:
        return " ".join(f"`{word}`" for word in words)
    nested = [w for a in get_args(field.annotation) for w in get_args(a) if isinstance(w, str)]
    if nested:
        return " ".join(f"`{word}`" for word in nested)
    if has_kind(field, Ports) or has_kind(field, Words):
        return "list"
    if field.default_factory is dict:
        return "table of texts"
    text = str(field.annotation)
    names = {"bool": "true, false", "int": "integer", "float": "number", "str": "text"}
    return next((shown for name, shown in names.items() if name in text), "text or list")


def _range(field: FieldInfo) -> str:
    """Where a range is set: by ours, or by pydantic's bounds."""
    marks = [*field.metadata, *(m for a in get_args(field.annotation) for m in _marks(a))]
    for mark in marks:
        if isinstance(within := getattr(mark, "func", None), Within):
            return str(within.range)
    bounds = {n: getattr(m, n) for m in marks for n in ("ge", "le") if hasattr(m, n)}
    if "ge" not in bounds:
        return ""
    least = f"{bounds['ge']:,}"
    return f"{least} to {bounds['le']:,}" if "le" in bounds else f"{least} or more"


def _marks(kind: object) -> Iterator[object]:
    yield from getattr(kind, "__metadata__", ())


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = default_of(field)
    return "none" if value is None else f"`{json.dumps(value)}`"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
