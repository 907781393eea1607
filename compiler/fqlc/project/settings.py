"""`fql.toml` of a project, read whole."""

from __future__ import annotations

from fql.errors import advice_on_file
from fql.plan.stored.files import LONGEST_SETTINGS, read_regular
from fql.settings.model import Settings
from fql.settings.reading import read_settings
from fqlc.project.errors import SurroundingsError


def read_project_settings(file: str | None) -> Settings:
    """The settings of a file, those without one for None. Raises SurroundingsError,
    SettingsError."""
    if file is None:
        return Settings()
    try:
        text = read_regular(file, LONGEST_SETTINGS).decode("utf-8-sig")
    except OSError as error:
        raise SurroundingsError(
            f"{file} cannot be read: {error.strerror}", advice_on_file(error)
        ) from None
    except UnicodeDecodeError:
        raise SurroundingsError(f"{file} is not UTF-8", "save it as UTF-8") from None
    return read_settings(text, file)
