"""What a replay of many dead letters is asked for, and what it passed over, as its row keeps it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal

from fql.exact.kinds import as_a, as_list, as_object
from fql.exact.reading import read_object
from fql.exact.writing import json_text
from fql.store.choosing import LetterFilter
from fql.store.history.rows import BulkRow
from fql.store.records import Command

BULK, STOP = "bulk", "stop_bulk"
"""The kinds of the commands that begin and stop one."""
PASSED = "passed"
"""Key, beside what was asked, of how many were passed over and why."""
_LETTERS = tuple(
    one.name for one in fields(LetterFilter) if one.name not in ("ids", "states", "limit", "below")
)
Place = tuple[int, str]
"""Where a dead letter is in the order of all: when it failed (milliseconds since 1970), its id."""


@dataclass(frozen=True, slots=True)
class BulkAsked:
    """Which dead letters a bulk replays, and how.

    `rate` is how many a second at most, `start` when it begins (milliseconds since 1970; 0: at
    once), `oldest` the place of the last one, if there is such a bound. `original`, `force` and
    `answer` are as in `fql.letters.Wanted`. `form` is whatever its sender knows the request by: the
    same one is done once.
    """

    letters: LetterFilter
    rate: float
    start: int = 0
    oldest: Place | None = None
    original: bool = False
    force: bool = False
    answer: object = None
    form: str = ""

    def written(self) -> dict[str, object]:
        """As JSON, without what is not given."""
        chosen = {name: getattr(self.letters, name) for name in _LETTERS}
        given = {
            **chosen, "rate": self.rate, "start": self.start or None,
            "oldest": None if self.oldest is None else list(self.oldest),
            "original": self.original or None, "force": self.force or None, "answer": self.answer,
            "form": self.form or None,
        }  # fmt: skip
        return {name: value for name, value in given.items() if value is not None}


def read_asked(text: str) -> BulkAsked:
    """What `BulkAsked.written` wrote. Raises ValueError, TypeError, KeyError for anything else."""
    given = read_object(text)
    oldest, rate = given.get("oldest"), given["rate"]
    if isinstance(rate, bool) or not isinstance(rate, int | float | Decimal) or rate <= 0:
        raise ValueError("a rate is a number above 0")
    chosen = {name: given[name] for name in _LETTERS if name in given}
    return BulkAsked(
        letters=LetterFilter(**chosen),  # type: ignore[arg-type]  # as it was written
        rate=float(rate),
        start=as_a(int, given.get("start", 0)),
        oldest=None if oldest is None else _place(oldest),
        original=as_a(bool, given.get("original", False)),
        force=as_a(bool, given.get("force", False)),
        answer=given.get("answer"),
        form=as_a(str, given.get("form", "")),
    )


def _place(given: object) -> Place:
    at, name = as_list(given)
    return as_a(int, at), as_a(str, name)


def passed_in(asked: str) -> dict[str, int]:
    """How many dead letters a bulk has passed over, by the reason, as its row has it beside what it
    was asked for."""
    found = as_object(read_object(asked).get(PASSED, {}))
    return {reason: as_a(int, number) for reason, number in found.items()}


def with_passed(asked: str, more: Mapping[str, int]) -> str | None:
    """The same row's text with so many more passed; None where there are none."""
    if not more:
        return None
    passed = Counter(passed_in(asked))
    passed.update(more)
    return json_text({**read_object(asked), PASSED: dict(passed)})


def bulk_body(asked: BulkAsked, total: int, newest: Place) -> dict[str, object]:
    """The body of the command that begins a bulk: `total` dead letters, of which `newest` is the
    first."""
    return {"asked": asked.written(), "total": total, "newest": list(newest)}


def begun(command: Command) -> BulkRow:
    """The row that a command begins. Raises ValueError, TypeError, KeyError for what is none."""
    body = read_object(command.body)
    asked = body["asked"]
    text = json_text(asked)
    read_asked(text)
    at, name = _place(body["newest"])
    # Pages begin below a place: this one is the next above the newest that is meant, as an id has
    # letters, digits and `_`.
    return BulkRow(
        id=command.id,
        at=command.at,
        by=command.by,
        asked=text,
        total=as_a(int, body["total"]),
        cursor_at=at,
        cursor_id=f"{name} ",
    )
