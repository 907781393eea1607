"""The policies of `[webhooks]` as tables: their keys are rows of `fql.plan.policy.table`; no key,
default or range is written here a second time.

A policy that is `switched` is on where its table is written and says nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    create_model,
    field_validator,
    model_validator,
)

from fql.plan.contradictions import contradictions
from fql.plan.environment import begins_none
from fql.plan.policies import RetryPolicy, header_scheme
from fql.plan.policy.keys import Key, Kind
from fql.plan.policy.table import POLICIES
from fql.settings.values import (
    Duration,
    Moment,
    Number,
    Secret,
    Size,
    Statuses,
    Within,
    one_or_more,
)


class Table(BaseModel):
    """Base of all tables: frozen, strict, no unknown keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, populate_by_name=True, defer_build=True
    )

    @field_validator("*")
    @classmethod
    def _names_are_whole(cls, value: object) -> object:
        """A text with half a `${NAME}` would be taken as it is."""
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str) and begins_none(text):
                raise ValueError("a `${` is not followed by a name and `}`; write `${NAME}`")
        return value


class DatedSecret(Table):
    """A secret and the time in which it signs."""

    secret: Secret = Field(description="the secret as `${NAME}`")
    not_before: Moment | None = Field(None, description="when it starts to sign")
    not_after: Moment | None = Field(None, description="when it stops signing")


def _form_of_secret(value: object) -> str:
    # Without it a literal secret would be repeated by the complaint of the other form.
    return "text" if isinstance(value, str) else "table"


AnySecret = Annotated[
    Annotated[Secret, Tag("text")] | Annotated[DatedSecret, Tag("table")],
    Discriminator(_form_of_secret),
]
Secrets = Annotated[tuple[AnySecret, ...], BeforeValidator(one_or_more)]

_TYPES: Mapping[Kind, Any] = {
    Kind.DURATION: Duration, Kind.SIZE: Size, Kind.INT: int, Kind.NUMBER: Number,
    Kind.BOOLEAN: bool, Kind.STATUSES: Statuses, Kind.TEXT: str, Kind.SECRETS: Secrets,
}  # fmt: skip
"""What a value of `fql.toml` is read by, for each kind that a policy has there."""

T = TypeVar("T", bound=Table)


def policies_of(table: str) -> Callable[[type[T]], type[T]]:
    """Give a model the keys of the policies whose place in `fql.toml` is that table."""
    rows = {key.toml.rpartition(".")[2]: key for key in keys_of(table).values()}

    def with_keys(model: type[T]) -> type[T]:
        found: dict[str, Any] = {name: _field(key) for name, key in rows.items()}
        return create_model(
            model.__name__, __base__=model, __doc__=model.__doc__, __module__=model.__module__,
            **found,
        )  # fmt: skip

    return with_keys


def keys_of(table: str) -> dict[str, Key]:
    """The policies of a table of `fql.toml`, by their key in a plan."""
    return {name: key for name, key in POLICIES.items() if key.toml.rpartition(".")[0] == table}


def _field(key: Key) -> tuple[Any, Any]:
    """A key as a field of pydantic: its type with the key itself as a mark, and its default."""
    taken: Any = Literal.__getitem__(key.words) if key.words else _TYPES[key.kind]
    marks = (AfterValidator(Within(key.range)),) if key.range else ()
    default = () if key.kind is Kind.SECRETS else _as_field(key.built_in_toml)
    if default is None:
        taken = (Annotated[taken, *marks] if marks else taken) | None
        marks = ()
    return Annotated[taken, *marks, key], Field(default, description=key.doc)


def _as_field(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


@policies_of("webhooks.retry")
class Retry(Table):
    """When a failed attempt is tried again; attempts count the first one."""

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Retry:
        """What FQL341 refuses in a source is refused here, in the same words."""
        policy = RetryPolicy.of({f"retry.{key}": value for key, value in self})
        for found in contradictions(policy, self.model_fields_set):
            raise ValueError(f"{found.message}; {found.help}")
        return self


@policies_of("webhooks.circuit")
class Circuit(Table):
    """When an endpoint that keeps failing is left alone for a while."""


@policies_of("webhooks.signing")
class Signing(Table):
    """How requests are signed."""


@policies_of("webhooks.batching")
class Batching(Table):
    """Batches for every action whose body uses `each`."""

    enabled: bool = Field(True, description="collect events into batches")


@policies_of("webhooks.rate_limiting")
class RateLimiting(Table):
    """A token bucket for each endpoint."""

    enabled: bool = Field(True, description="limit the requests of each endpoint")


def given_policies(webhooks: Table) -> dict[str, Any]:
    """The policies that `[webhooks]` and its tables give, by their key in a plan."""
    found = _written(webhooks, "webhooks")
    for name in type(webhooks).model_fields:
        table = getattr(webhooks, name)
        if isinstance(table, Table) and keys_of(f"webhooks.{name}"):
            found |= _of_table(table, f"webhooks.{name}")
    return found


def _of_table(table: Table, place: str) -> dict[str, Any]:
    values = dict(table)
    if isinstance(table, Signing):
        return _signing(table)
    if "enabled" not in values:
        return _written(table, place)
    return _values(table, keys_of(place)) if values["enabled"] else {}


def _written(table: Table, place: str) -> dict[str, Any]:
    """The keys that the file itself sets."""
    rows = keys_of(place).items()
    return _values(table, {n: k for n, k in rows if _name(k) in table.model_fields_set})


def _values(table: Table, rows: Mapping[str, Key]) -> dict[str, Any]:
    return {name: _stored(getattr(table, _name(key))) for name, key in rows.items()}


def _name(key: Key) -> str:
    return key.toml.rpartition(".")[2]


def _stored(value: object) -> object:
    if isinstance(value, tuple):
        return [_stored(item) for item in value]
    return value.model_dump(exclude_none=True) if isinstance(value, DatedSecret) else value


def _signing(signing: Signing) -> dict[str, Any]:
    """Whole once it is on: the plan says which scheme signs, and that a secret is wanted."""
    found = {"signing.enabled": True, "signing.secret": []} | _written(signing, "webhooks.signing")
    if not found["signing.enabled"]:
        return {"signing.enabled": False}
    headers = "signing.header" in found or "signing.timestamp_header" in found
    return {"signing.scheme": header_scheme(headers)} | found
