"""Prints `docs/reference/settings.md` from the model: `python -m tests.settings.page`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from fql.plan.language.units import show_duration, show_size
from fql.plan.policy.keys import Key, Kind
from fql.settings.model import Settings
from fql.settings.policies import Table
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
    plain = {n: f for n, f in model.model_fields.items() if not _inner(f) and n != "sources"}
    if plain:
        yield _table(model, prefix, plain)
    for name, field in model.model_fields.items():
        if name == "sources" and model is Settings:
            for kind, table in SOURCE_KINDS.items():
                yield _table(table, f"sources.NAME] with kind = [{kind}", table.model_fields)
        elif inner := _inner(field):
            own = f"{prefix}.{name}" if prefix else name
            yield from _tables(inner, f"{own}.NAME" if field.default_factory is dict else own)


def _inner(field: FieldInfo) -> type[Table] | None:
    kinds = get_args(field.annotation) or (field.annotation,)
    found = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Table)]
    return found[0] if found else None


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


def _has(field: FieldInfo, kind: object) -> bool:
    marks = [m for m in getattr(kind, "__metadata__", ()) if hasattr(m, "func")]
    own = [m.func for m in field.metadata if hasattr(m, "func")]
    inner = [
        m.func
        for arg in get_args(field.annotation)
        for m in getattr(arg, "__metadata__", ())
        if hasattr(m, "func")
    ]
    return any(mark.func in own + inner for mark in marks)


POLICY_TYPES = {
    Kind.DURATION: "duration", Kind.SIZE: "size", Kind.STATUSES: "statuses", Kind.INT: "integer",
    Kind.NUMBER: "number", Kind.BOOLEAN: "true, false", Kind.TEXT: "text", Kind.SECRETS: "text",
}  # fmt: skip


def _policy(field: FieldInfo) -> Key | None:
    """The row of the table of policies that a field is."""
    return next((mark for mark in field.metadata if isinstance(mark, Key)), None)


def _type(field: FieldInfo) -> str:
    if (key := _policy(field)) and not key.words:
        return POLICY_TYPES[key.kind]
    for kind, name in ((Duration, "duration"), (Size, "size")):
        if _has(field, kind):
            return name
    words = [arg for arg in get_args(field.annotation) if isinstance(arg, str)]
    if words:
        return " ".join(f"`{word}`" for word in words)
    nested = [w for a in get_args(field.annotation) for w in get_args(a) if isinstance(w, str)]
    if nested:
        return " ".join(f"`{word}`" for word in nested)
    if _has(field, Ports) or _has(field, Words):
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
    if key := _policy(field):
        return _default_of(key)
    value = field.default
    if value is None or value == "" or field.default_factory is dict:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if _has(field, Duration):
        return f'`"{show_duration(value)}"`'
    if _has(field, Size):
        return f'`"{show_size(value)}"`'
    if isinstance(value, tuple):
        return f"`{list(value)}`".replace("'", '"')
    return f'`"{value}"`' if isinstance(value, str) else f"`{value:g}`".replace("e+07", "0000000")


def _default_of(key: Key) -> str:
    text = key.toml_default or key.default
    if not text:
        return "none"
    quoted = key.words or key.kind in (Kind.DURATION, Kind.SIZE)
    return f'`"{text}"`' if quoted else f"`{text}`"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
