"""The schema of `fql.toml`, made from the model that reads it: as it is written there.

A duration and a size are texts, a table that is left out is not null, and what may be one or
several may be either. Ranges of durations and sizes are not part of it.
"""

from __future__ import annotations

from decimal import Decimal

from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema as core

from fql.plan.language.units import show_duration, show_size
from fql.plan.policy.keys import Kind
from fql.published.untitled import Untitled
from fql.settings.model import Settings
from fql.settings.values import DURATION_SCHEMA, SIZE_SCHEMA, Within, one_or_more


class _AsWritten(Untitled):
    """Schemas of settings as TOML has them."""

    def function_before_schema(self, schema: core.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        """What takes one or several."""
        found = super().function_before_schema(schema)
        if schema["function"]["function"] is one_or_more and "items" in found:
            return {"anyOf": [found["items"], found]}
        return found

    def function_after_schema(self, schema: core.AfterValidatorFunctionSchema) -> JsonSchemaValue:
        """A range of numbers."""
        found = super().function_after_schema(schema)
        within = schema["function"]["function"]
        if isinstance(within, Within) and within.range.kind in (Kind.INT, Kind.NUMBER):
            numbers = {"minimum": within.range.least, "maximum": within.range.most}
            return {**found, **{k: _json_number(v) for k, v in numbers.items() if v is not None}}
        return found

    def nullable_schema(self, schema: core.NullableSchema) -> JsonSchemaValue:
        """TOML has no null."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core.WithDefaultSchema) -> JsonSchemaValue:
        """A default as it would be written; that of a table follows from its keys."""
        found = dict(super().default_schema(schema))
        default = found.pop("default", None)
        if isinstance(default, int) and found.get("pattern") == DURATION_SCHEMA["pattern"]:
            default = show_duration(default)
        elif isinstance(default, int) and found.get("pattern") == SIZE_SCHEMA["pattern"]:
            default = show_size(default)
        return found if default is None else {**found, "default": default}


def _json_number(number: int | Decimal) -> int | float:
    return int(number) if number == int(number) else float(number)


def settings_schema() -> dict[str, object]:
    """The schema."""
    return Settings.model_json_schema(by_alias=True, schema_generator=_AsWritten)
