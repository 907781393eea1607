"""Options that many commands share, each with its name of the environment: a flag wins over the
environment, and that over `fql.toml` and defaults (decision 0284)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import click
from click.core import ParameterSource

from fql.errors import FqlError, SettingsError, UsageError, masked_urls
from fql.terminal.talk import given_level

C = TypeVar("C", bound=Callable[..., object])

JSON = "fql.json"
"""Key in `click.Context.meta`: True when the command was asked for JSON."""
ASKED = "fql.format_asked"
"""Key, in the same place: True when a format was asked for, by whatever way."""
_BY_ENVIRONMENT = "fql.by_environment"
"""Key, in the same place, of the paths and addresses that the environment gave, by its names."""

ALL_FORMATS = frozenset({
    "text", "json", "concise", "github", "gitlab", "junit", "sarif", "markdown",
    "svg", "png", "pdf", "dot", "mermaid", "html",
})  # fmt: skip
"""Formats of any command: `FQLC_FORMAT` may name one that a command does not have."""


_IN_WORDS = {"true": "1", "yes": "1", "on": "1", "false": "0", "no": "0", "off": "0"}


class NamedOption(click.Option):
    """An option with a name of the environment, which is shown in the help as `[env: NAME]`."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The words of the help."""
        found = super().get_help_record(ctx)
        return found and (found[0], found[1].replace("[env var: ", "[env: "))

    def get_error_hint(self, ctx: click.Context | None) -> str:
        """What is named where a value does not fit: the option, or the name of the environment
        that gave it."""
        if ctx is not None and self.envvar and by_environment(ctx, self.name):
            return str(self.envvar)
        return click.Parameter.get_error_hint(self, ctx)


class FormatOption(NamedOption):
    """`--format`: a format of the environment that this command does not have counts for others."""

    def value_from_envvar(self, ctx: click.Context) -> str | Sequence[str] | None:
        """The format, or None."""
        found: str | Sequence[str] | None = super().value_from_envvar(ctx)
        own = self.type.choices if isinstance(self.type, click.Choice) else ()
        return None if found in ALL_FORMATS and found not in own else found


class Level(click.ParamType[int]):
    """How often a flag is given; in the environment as a number, or as yes or no."""

    name = "level"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Read the number."""
        text = str(value).lower()
        found = _IN_WORDS.get(text, text)
        if not (found.isascii() and found.isdecimal() and len(found) < 3):
            self.fail(f"{value!r} is not a number such as 1 or 2", param, ctx)
        return int(found)


def by_environment(ctx: click.Context, name: str | None) -> bool:
    """Whether a parameter has its value from the environment."""
    return ctx.get_parameter_source(name or "") is ParameterSource.ENVIRONMENT


def format_option(
    forms: Sequence[str] = ("text", "json"),
    *,
    default: str | None = "text",
    text: str = "Output for people, or one JSON object per line.",
) -> Callable[[C], C]:
    """The option `--format` of a command, as its parameter `form`."""

    def remember(ctx: click.Context, _: click.Parameter, value: str | None) -> str | None:
        ctx.meta[JSON] = value == "json"
        source = ctx.get_parameter_source("form")
        ctx.meta[ASKED] = source in {ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT}
        return value

    return click.option(
        "--format", "form", type=click.Choice(forms), default=default, callback=remember,
        show_default=default is not None, help=text, cls=FormatOption, envvar="FQLC_FORMAT",
        show_envvar=True,
    )  # fmt: skip


def settings_option(name: str = "settings_file") -> Callable[[C], C]:
    """The option `--settings` of a command, as its parameter `name`."""
    return _place_option(
        "--settings", name, metavar="FILE", help="Settings file to use instead of fql.toml."
    )


def store_option(text: str = "URL of the store: sqlite:///fql.db or postgresql://...",
                 ) -> Callable[[C], C]:  # fmt: skip
    """The option `--store` of a command, as its parameter `store`."""
    return _place_option("--store", "store", metavar="URL", help=text)


def _place_option(flag: str, name: str, **words: str) -> Callable[[C], C]:
    """An option that names a file or a store, with its name of the environment."""
    environment = f"FQLC_{flag.removeprefix('--').upper()}"

    def remember(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
        if value is not None and name == "store":
            _require_kind(ctx, param, value)
        if value is not None and by_environment(ctx, param.name):
            ctx.meta[_BY_ENVIRONMENT] = {**ctx.meta.get(_BY_ENVIRONMENT, {}), environment: value}
        return value

    return click.option(
        flag, name, **words, cls=NamedOption, envvar=environment, show_envvar=True,
        callback=remember,
    )  # fmt: skip


def _require_kind(ctx: click.Context, param: click.Parameter, url: str) -> None:
    """Raises UsageError for what is not the address of a store of any kind."""
    from fql.settings.databases import store_at

    try:
        store_at(url)
    except SettingsError as error:
        by = f"{param.envvar}: " if by_environment(ctx, param.name) else ""
        raise UsageError(f"{by}{error.message}", hint=error.hint) from None


def named_by_environment(meta: Mapping[str, object], error: FqlError) -> FqlError:
    """The error with the name of the environment that gave the path or address it speaks of."""
    given = meta.get(_BY_ENVIRONMENT)
    for name, value in given.items() if isinstance(given, dict) else ():
        if masked_urls(value) in error.message:
            error.message += f" ({name} names it)"
    return error


def talking(command: click.Command) -> click.Command:
    """The command with `-q` and `-v`, unless it has them or does nothing but name others."""
    names_others = isinstance(command, click.Group) and not command.invoke_without_command
    if names_others or any(p.name == "quiet" for p in command.params):
        return command
    command.params += [quiet_option(), verbose_option()]
    return command


def quiet_option() -> click.Option:
    """`-q`: no talk; twice: no findings and no warnings either."""
    return NamedOption(
        ["-q", "--quiet"], count=True, type=Level(), expose_value=False, envvar="FQLC_QUIET",
        show_envvar=True, callback=_remember_level,
        help="No summaries, no progress; -qq: no findings and no warnings either.",
    )  # fmt: skip


def verbose_option() -> click.Option:
    """`-v`: what is read and how long it takes."""
    return NamedOption(
        ["-v", "--verbose"], count=True, type=Level(), expose_value=False, envvar="FQLC_VERBOSE",
        show_envvar=True, callback=_remember_level,
        help="Say what is read and how long it takes; -vv: more of it.",
    )  # fmt: skip


def _remember_level(ctx: click.Context, param: click.Parameter, value: int) -> None:
    source = ctx.get_parameter_source(param.name or "")
    if value and source is not ParameterSource.DEFAULT:
        given_level(
            ctx.meta,
            -value if param.name == "quiet" else value,
            flag=source is ParameterSource.COMMANDLINE,
        )
