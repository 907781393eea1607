"""What all published forms of output share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Event = Literal["insert", "update", "delete"]
Value = Annotated[object, WithJsonSchema({})]
"""Any JSON value."""


class Line(BaseModel):
    """An object of output. Fields may be added without a new number of the format."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)


class Place(Line):
    """Where something is in a source."""

    file: str = Field(description="the path of the source")
    line: int = Field(ge=1, description="the line, from 1")
    column: int = Field(ge=1, description="the column, from 1, in characters")
    end_line: int = Field(ge=1, description="the line in which it ends")
    end_column: int = Field(ge=1, description="the column after its last character")


class Failed(Line):
    """What a command says that could not do its work."""

    error: str = Field(description="what is wrong")
    help: str | None = Field(description="what to do about it")
    exit_code: int = Field(ge=1, description="the exit code of the command")
