"""Every key of `fql.toml` with its value, where that comes from, and what it means. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from fql.errors import masked_urls
from fql.plan.environment import references_in
from fql.plan.language.units import show_duration, show_size
from fql.plan.policy.keys import Key, Kind
from fql.settings.contract_table import ContractSource
from fql.settings.listing.listed import Listed
from fql.settings.model import Settings
from fql.settings.policies import Table
from fql.settings.reading import key_lines
from fql.settings.values import Duration, Size, Tokens, Written

MASKED = "***"


def listed(text: str, settings: Settings) -> Iterator[Listed]:
    """The keys of a settings file that could be read, in the order of the reference. Of a table
    that is switched on by being there only its name is listed while it is off."""
    written = tomllib.loads(text, parse_float=Written.of)
    return _tables(settings, written, "", key_lines(text))


def _tables(
    table: BaseModel,
    written: Mapping[str, object],
    prefix: str,
    lines: Mapping[tuple[str, ...], int],
) -> Iterator[Listed]:
    for name, field in type(table).model_fields.items():
        key = prefix + (field.alias or name)
        here = written.get(field.alias or name)
        inner = getattr(table, name)
        if isinstance(inner, dict) and not isinstance(table, ContractSource):
            for given, its in inner.items():
                yield from _tables(
                    its, _as_table(_as_table(here).get(given)), f"{key}.{given}.", lines
                )
        elif isinstance(inner, Table):
            yield from _tables(inner, _as_table(here), f"{key}.", lines)
        elif table_of(field) is not None:
            yield Listed(key, None, None, 0, (table_of(field) or Table).__doc__ or "")
        else:
            yield _listed(key, field, here, lines)


def _as_table(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _listed(
    key: str, field: FieldInfo, here: object, lines: Mapping[tuple[str, ...], int]
) -> Listed:
    default, path = default_of(field), tuple(key.split("."))
    line = 0 if here is None else next(
        (lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in lines), 0
    )  # fmt: skip
    value = default if here is None else shown(here, secret=has_kind(field, Tokens))
    return Listed(key, value, default, line, field.description or "", tuple(references_in(here)))


def shown(value: object, *, secret: bool = False) -> object:
    """A value of a file that anybody may see: the `${NAME}` of a secret, and never a secret."""
    if isinstance(value, str):
        known = bool(tuple(references_in(value)))
        return MASKED if secret and not known else masked_urls(value)
    if isinstance(value, list):
        return [shown(one, secret=secret) for one in value]
    if isinstance(value, dict):
        return {key: shown(one, secret=secret) for key, one in value.items()}
    return float(value) if isinstance(value, Written) else value


def table_of(field: FieldInfo) -> type[Table] | None:
    """The model of a table inside a table."""
    kinds = get_args(field.annotation) or (field.annotation,)
    found = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Table)]
    return found[0] if found else None


def has_kind(field: FieldInfo, kind: object) -> bool:
    """Whether a field is of one of the kinds of `fql.settings.values`."""
    marks = [mark for mark in getattr(kind, "__metadata__", ()) if hasattr(mark, "func")]
    own = [mark.func for mark in field.metadata if hasattr(mark, "func")]
    inner = [
        mark.func
        for argument in get_args(field.annotation)
        for mark in getattr(argument, "__metadata__", ())
        if hasattr(mark, "func")
    ]
    return any(mark.func in own + inner for mark in marks)


def policy_of(field: FieldInfo) -> Key | None:
    """The row of the table of policies that a field is."""
    return next((mark for mark in field.metadata if isinstance(mark, Key)), None)


def default_of(field: FieldInfo) -> object:
    """The default as a file would have it; None where there is none."""
    if field.is_required():
        return None
    if key := policy_of(field):
        return _default_of_policy(key)
    value = field.default
    if value is None or value == "" or field.default_factory is dict:
        return None
    if has_kind(field, Duration):
        return show_duration(value)
    if has_kind(field, Size):
        return show_size(value)
    return list(value) if isinstance(value, tuple) else value


def _default_of_policy(key: Key) -> object:
    text = key.toml_default or key.default
    if not text:
        return None
    if key.words or key.kind in (Kind.DURATION, Kind.SIZE, Kind.TEXT):
        return text
    found: object = tomllib.loads(f"value = {text}")["value"]
    return found
