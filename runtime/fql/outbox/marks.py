"""The mark that each trigger of ours carries: whose it is, which version, what it supplies.

It is a comment in the text of the trigger, which SQLite keeps as it was written, also when a column
or a table is renamed. Only a trigger with the mark of a project belongs to that project.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass

from fql.exact.kinds import as_a, as_list
from fql.exact.reading import read_object
from fql.exact.writing import json_text

VERSION = 3
"""Of the trigger bodies: raised when what they do has changed."""

_LISTS = ("events", "suffixes", "fields", "old", "conditions")
_MARK = re.compile(r"/\* fql (\{.*?\}) \*/", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Mark:
    """What the triggers of one entity supply; all of them carry the same.

    `events` are those they tell, `suffixes` those of the triggers that were made together. `fields`
    and `old` are what is written of a row and of the row before an update, as `field=column`.
    `conditions` has an entry `event=digest of the test` for each event of which some are not
    written.
    """

    project: str
    entity: str = ""
    version: int = VERSION
    events: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    old: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()

    def comment(self) -> str:
        """The mark as a comment of SQL."""
        text = json_text(asdict(self)).replace("*/", "*\\/")
        return f"/* fql {text} */"

    def supplies(self, wanted: Mark) -> bool:
        """Whether what this one tells is all that the wanted one would tell."""
        return (
            self.entity == wanted.entity
            and set(wanted.events) <= set(self.events)
            and set(wanted.fields) <= set(self.fields)
            and set(wanted.old) <= set(self.old)
            and all(
                condition in wanted.conditions or condition.partition("=")[0] not in wanted.events
                for condition in self.conditions
            )
        )


def _texts(stored: object) -> tuple[str, ...]:
    return tuple(as_a(str, text) for text in as_list(stored))


def read_mark(sql: str) -> Mark | None:
    """The mark in the text of a trigger; None where there is none, or none that can be read."""
    found = _MARK.search(sql)
    if found is None:
        return None
    try:
        content = read_object(found[1])
        lists = {name: _texts(content[name]) for name in _LISTS}
        return Mark(
            str(content["project"]),
            str(content["entity"]),
            as_a(int, content["version"]),
            **lists,
        )
    except (ValueError, KeyError, TypeError):
        return None
