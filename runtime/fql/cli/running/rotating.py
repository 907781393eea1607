"""Secrets that change while `fqlc run` is at work: looked at every ten seconds."""

from __future__ import annotations

import asyncio
import logging
import os

from fql.cli.project import Project
from fql.errors import SettingsError
from fql.plan.model import Plan
from fql.settings.environment import names_of
from fql.settings.secrets import Secrets

SECONDS = 10.0
"""Between two looks. Reading again tells whoever writes the files nothing, so they are looked at,
not watched: a folder of secrets may be swapped by a link."""

logger = logging.getLogger("fql.run")


class Rotation:
    """The secrets that a plan and settings name, as they were when they were last read."""

    def __init__(self, project: Project, plan: Plan) -> None:
        self._told = ""
        self.follow(project, plan)

    def follow(self, project: Project, plan: Plan) -> None:
        """Look at the names of this plan and these settings from now on."""
        settings = project.written or project.settings
        self._secrets = Secrets(settings.secrets, os.environ, project.folder)
        for name in {*plan.names, *names_of(settings)}:
            self._secrets.get(name)

    async def changed(self) -> tuple[str, ...]:
        """Wait until some have other values; their names. A file that cannot be read is told of
        once, and what was read before stays in use."""
        while True:
            await asyncio.sleep(SECONDS)
            try:
                names = await asyncio.to_thread(self._secrets.read_again)
            except SettingsError as error:
                if error.message != self._told:
                    logger.error("secrets stay as they were: %s", error.message)  # noqa: TRY400
                self._told = error.message
            else:
                self._told = ""
                if names:
                    return names
