"""Schemas whose properties have no titles: their names are enough."""

from __future__ import annotations

from pydantic.json_schema import GenerateJsonSchema


class Untitled(GenerateJsonSchema):
    """Pydantic's generator, less one habit."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - pydantic's
        """Never."""
        return False
