"""What a source says about its outbox: each trouble once, and once more when it is fixed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

from fql.errors import masked_urls
from fql.intake.port import Health

logger = logging.getLogger("fql.intake.outbox")


class Voice:
    """Logs under the source's name, and keeps its health. A trouble has a kind; one of each kind
    is kept until it is fixed."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._troubles: dict[str, str] = {}
        self.health = Health()

    def trouble(self, kind: str, text: str, hint: str) -> None:
        """Something is wrong: an error, unless it is known."""
        text = masked_urls(text)
        if self._troubles.get(kind) != text:
            self._troubles[kind] = text
            self._show()
            logger.error("source %s: %s; %s", self._name, text, hint)

    def mended(self, kind: str, words: str) -> None:
        """It is right again; says nothing where nothing was wrong."""
        if self._troubles.pop(kind, None) is not None:
            self._show()
            logger.warning("source %s: %s", self._name, words)

    def has(self, kind: str) -> str:
        """The trouble of this kind, or nothing."""
        return self._troubles.get(kind, "")

    def warn(self, text: str) -> None:
        """Something to know, which needs nobody."""
        logger.warning("source %s: %s", self._name, masked_urls(text))

    def inform(self, text: str) -> None:
        """Something for who looks closely."""
        logger.info("source %s: %s", self._name, masked_urls(text))

    def held(self, text: str) -> None:
        """Something slows reading down, and stays in the health until it is over."""
        if self.health.notice != text:
            self.health = replace(self.health, notice=text)
            self.warn(text)

    def let_go(self) -> None:
        """It is over."""
        if self.health.notice:
            self.health = replace(self.health, notice="")
            self.warn("reading is no longer held up")

    def restored(self, text: str) -> None:
        """A history went back."""
        self.health = replace(self.health, restored=self.health.restored + 1)
        self.warn(text)

    def failed(self) -> None:
        """A read failed."""
        self.health = replace(self.health, failures=self.health.failures + 1)

    def captured(self, tables: Mapping[str, bool]) -> None:
        """For each table whether its changes come."""
        self.health = replace(self.health, captured=tables)

    def _show(self) -> None:
        text = "; ".join(self._troubles.values())
        about = f"source {self._name}: {text}" if text else ""
        self.health = replace(self.health, trouble=about)
