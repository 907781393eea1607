"""The published schemas by name, JSON Schema draft 2020-12.

`python -m tests.accept` writes them to `docs/reference/schemas`; `fqlc schema NAME` prints
one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Union, cast

from pydantic import TypeAdapter

from fql.exact.writing import pretty_json
from fql.plan.stored.schema import plan_schema
from fql.published import compiling, running
from fql.published.model import Failed, Line
from fql.published.toml import settings_schema
from fql.published.untitled import Untitled

Schema = dict[str, object]
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema_text(name: str) -> str:
    """A published schema as text, the same bytes everywhere. Raises KeyError."""
    schema = {"$schema": DRAFT, "title": name, **PUBLISHED[name]()}
    return pretty_json({**schema, "title": name}).decode()


def file_of(name: str) -> str:
    """The name of the file that a schema has in the reference: `fql-check-1.json`."""
    return f"{name.replace('/', '-')}.json"


def _line(*models: type[Line]) -> Schema:
    """One object on a line: one of these, or what a command says that failed."""
    union = cast("type[Line]", Union.__getitem__((*models, Failed)))
    return TypeAdapter(union).json_schema(by_alias=True, schema_generator=Untitled)


PUBLISHED: Mapping[str, Callable[[], Schema]] = {
    "fql-check/1": partial(_line, compiling.Check),
    "fql-list/1": partial(_line, compiling.Listed),
    "fql-diff/1": partial(_line, compiling.Difference),
    "fql-explain-event/1": partial(_line, compiling.Explained),
    "fql-test/1": partial(_line, compiling.Tested, compiling.Covered),
    "fql-config/1": partial(_line, compiling.Configured),
    "fql-contract/1": partial(_line, compiling.ContractOperation, compiling.ContractDetails),
    "fql-runs/1": partial(_line, running.Run),
    "fql-dead-letter/1": partial(_line, running.DeadLetter),
    "fql-log/1": partial(_line, running.Logged),
    "fql-plan/1": plan_schema,
    "fql-toml/1": settings_schema,
}
"""What is published, by the name of its format, each with what makes its schema."""
