"""Where the logs of `fqlc run` go: text for a person, JSON lines for programs."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

from fql.cli.running.sentences import sentence
from fql.errors import masked_urls
from fql.exact.writing import write_json
from fql.settings.model import Logging
from fql.terminal.lines import RENEWED, fitting, on_terminal
from fql.terminal.words import one_line

LEFT = 17
"""Columns of time and level, which stand before the message."""


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    """The ids, numbers and states that a record brings."""
    fields = getattr(record, "fql", None)
    return fields if isinstance(fields, dict) else {}


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time, level, logger, message, and the ids that a record brings. The
    message is the sentence that a person at a terminal reads."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        fields = fields_of(record)
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked_urls(sentence(fields) or record.getMessage()),
            **fields,
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return write_json(line).decode()


class TextFormatter(logging.Formatter):
    """Time, level and message; what the engine tells becomes a sentence.

    `renewed` writes over a line that renews itself, such as the progress of `fqlc run`.
    """

    def __init__(self, *, renewed: bool = False) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")
        self._renewed = renewed

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's
        """The line without what follows an exception."""
        record.message = one_line(masked_urls(sentence(fields_of(record)) or record.message))
        line = super().formatMessage(record)
        return f"{RENEWED}{fitting(line, err=True, hang=LEFT)}" if self._renewed else line


def set_up(settings: Logging, form: str | None = None) -> None:
    """Send the runtime's logs to standard error. `form` overrides the settings."""
    chosen = form or settings.format
    as_text = chosen == "text" or (chosen == "auto" and on_terminal())
    handler = logging.StreamHandler(sys.stderr)
    text = TextFormatter(renewed=on_terminal())
    handler.setFormatter(text if as_text else JsonFormatter())
    logger = logging.getLogger("fql")
    logger.handlers[:] = [handler]
    logger.propagate = False
    logger.setLevel(settings.level.upper())
