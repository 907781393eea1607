"""The `${NAME}`s of the tables of `fql.toml` that are read at run time: which there are, and the
settings with their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel, ValidationError, create_model

from fql.plan.environment import filled, references_in, require
from fql.settings.model import Settings
from fql.settings.reading import Problem, SettingsFileError

RUN_TIME = (
    "store",
    "sources",
    "nats",
    "egress",
    "observability",
    "webhooks.dlq",
    "webhooks.test_url",
)
"""What is filled. Policies keep their names: the compiler puts those into the plan."""


def names_of(settings: Settings, file: str = "fql.toml") -> dict[str, list[str]]:
    """The names in the tables of the run time, each with the keys that use it."""
    found: dict[str, list[str]] = {}
    for place in RUN_TIME:
        for path, text in _texts(_at(settings, place), place):
            for name in references_in(text):
                users = found.setdefault(name, [])
                if f"{file} {path}" not in users:
                    users.append(f"{file} {path}")
    return found


def resolve(settings: Settings, environment: Mapping[str, str], file: str = "fql.toml") -> Settings:
    """The settings with each `${NAME}` of the tables of the run time replaced.

    Raises MissingSecrets with all missing names and where each is used, SettingsFileError where a
    value does not fit its key; the value itself is not told.
    """
    require(names_of(settings, file), environment)
    fill = _Filler(environment, file)
    tables = {
        table: fill.value(getattr(settings, table), table) for table in RUN_TIME if "." not in table
    }
    of_webhooks = [place.partition(".")[2] for place in RUN_TIME if "." in place]
    webhooks = fill.table(settings.webhooks, "webhooks", of_webhooks)
    return settings.model_copy(update={**tables, "webhooks": webhooks})


def _at(settings: Settings, place: str) -> object:
    value: object = settings
    for part in place.split("."):
        value = getattr(value, part)
    return value


def _texts(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item, path)
    elif isinstance(value, dict | BaseModel):
        for key, item in value.items() if isinstance(value, dict) else value:
            yield from _texts(item, f"{path}.{key}")


class _Filler:
    """Replaces the names in nested values; all of them are known to be there."""

    def __init__(self, environment: Mapping[str, str], file: str) -> None:
        self._environment = environment
        self._file = file

    def value(self, value: object, path: str) -> object:
        if isinstance(value, str):
            return filled(value, self._environment.__getitem__)
        if isinstance(value, tuple):
            return tuple(self.value(item, path) for item in value)
        if isinstance(value, dict):
            return {key: self.value(item, f"{path}.{key}") for key, item in value.items()}
        if isinstance(value, BaseModel):
            return self.table(value, path, list(type(value).model_fields))
        return value

    def table(self, table: BaseModel, path: str, keys: list[str]) -> BaseModel:
        changed = {}
        for key in keys:
            before = getattr(table, key)
            after = self.value(before, f"{path}.{key}")
            if after != before:
                self._judge(type(table), key, before, after, path)
                changed[key] = after
        return table.model_copy(update=changed)

    def _judge(
        self, model: type[BaseModel], key: str, before: object, after: object, path: str
    ) -> None:
        """A value of the environment is judged as if it were written in the file."""
        names = " and ".join(f"`${{{name}}}`" for name in dict.fromkeys(references_in(before)))
        if not names:
            return  # what changed lies in a table below, and was judged there
        try:
            taken = model.model_fields[key].rebuild_annotation()
            create_model("Value", value=(taken, ...)).model_validate({"value": after})
        except ValidationError:
            told = f"{path}.{key}: the value of {names} is not allowed for this key"
            raise SettingsFileError(self._file, [Problem(0, told)]) from None
