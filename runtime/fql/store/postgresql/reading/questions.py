"""What people and programs ask of a PostgreSQL store. It only reads, and leaves out what only an
engine asks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TypeVar

from fql.store.choosing import EventFilter, LetterFilter, LetterGroup, RunFilter, UnmatchedFilter
from fql.store.history.rows import BulkRow, MinuteRow, PulseRow, UnmatchedRow
from fql.store.port import Counts, StoreSize
from fql.store.postgresql import inbox
from fql.store.postgresql.reading import counting, history, read
from fql.store.postgresql.reading.holdings import holdings
from fql.store.postgresql.reading.patience import within
from fql.store.postgresql.reading.query import letter_number_query, letters_query, runs_query
from fql.store.postgresql.tables import schema
from fql.store.postgresql.tables.sizes import used_bytes
from fql.store.postgresql.wire.line import Wire
from fql.store.postgresql.wire.values import int8s
from fql.store.records import AttemptRow, EventRow, LetterRow, Loaded, StoredPlan
from fql.store.sharing.holding import Holding

T = TypeVar("T")
_ATTEMPTS = (
    f"SELECT {schema.columns(schema.ATTEMPT.names)} FROM {{s}}.fql_attempt"  # noqa: S608
    " WHERE owner = ANY($1) ORDER BY array_position($1, owner), at, node, number"
)
_MARK = """SELECT (SELECT string_agg(id || '.' || cycle || '.' || state, ' ' ORDER BY id)
    FROM {s}.fql_session WHERE state = 'live' OR id = (SELECT max(id) FROM {s}.fql_session)),
  (SELECT max(id) FROM {s}.fql_inbox),
  (SELECT count(*) FROM (SELECT 1 FROM {s}.fql_inbox LIMIT 1000) few)"""


class Questions(ABC):
    """The reading half of `PostgresStore`."""

    no_bulks = ""

    where: str
    _within: float

    @abstractmethod
    async def _read(self, work: Callable[[Wire], T]) -> T:
        """Do this on the connection for reading. Raises StoreError."""

    async def _ask(self, work: Callable[[Wire], T]) -> T:
        """The same for a question, which may have a time. Raises StoreSlow."""
        if not self._within:
            return await self._read(work)
        return await self._read(lambda wire: within(wire, work, self._within, self.where))

    async def pending(self, ids: Sequence[int]) -> set[int]:
        """Those of these commands that no engine has taken yet."""
        return await self._ask(lambda wire: inbox.pending(wire, ids))

    async def runs(self, wanted: RunFilter) -> list[Loaded]:
        """Runs, newest first."""
        return await self._ask(lambda wire: read.loaded(wire, *runs_query(wanted)))

    async def letters(self, wanted: LetterFilter) -> list[LetterRow]:
        """Dead letters, newest first."""
        return await self._ask(
            lambda wire: [LetterRow(*row) for row in wire.run(*letters_query(wanted))]
        )

    async def letter_number(self, wanted: LetterFilter) -> int:
        """How many dead letters fit."""
        row = await self._ask(lambda wire: wire.one(*letter_number_query(wanted)))
        return 0 if row is None else int(row[0])

    async def mark(self) -> str:
        """Another text after each commit and command."""
        return await self._ask(lambda wire: str(list(wire.run(_MARK))))

    async def letter_groups(self) -> list[LetterGroup]:
        """Dead letters counted by observer, action and class."""
        return await self._ask(counting.groups)

    async def attempts(self, owners: Sequence[int]) -> list[AttemptRow]:
        """The tries of these runs and batches, in order."""
        values = (int8s(list(owners)),)
        return await self._ask(
            lambda wire: [AttemptRow(*row) for row in wire.run(_ATTEMPTS, values)]
        )

    async def events(self, wanted: EventFilter) -> list[EventRow]:
        """Events, newest first."""
        return await self._ask(lambda wire: history.events(wire, wanted))

    async def unmatched(self, wanted: UnmatchedFilter) -> list[UnmatchedRow]:
        """Events without a run, newest first."""
        return await self._ask(lambda wire: history.unmatched(wire, wanted))

    async def minutes(
        self, since: int, kinds: Sequence[str] = (), names: Sequence[str] = ()
    ) -> list[MinuteRow]:
        """What was counted in spans that end after this time, oldest first."""
        return await self._ask(lambda wire: history.minutes(wire, since, kinds, names))

    async def pulse(self) -> list[PulseRow]:
        """The engines, as they were when they were last watched."""
        return await self._ask(history.pulse)

    async def bulks(self, ids: Sequence[int] = (), limit: int = 100) -> list[BulkRow]:
        """Bulk replays, newest first: these, or all."""
        return await self._ask(lambda wire: history.bulks(wire, ids, limit))

    async def active(self) -> str | None:
        """The short digest of the active plan."""
        return await self._ask(read.active)

    async def plans(self) -> tuple[list[StoredPlan], str | None]:
        """All stored plans and the short digest of the active one."""
        return await self._ask(lambda wire: (read.plans(wire), read.active(wire)))

    async def counts(self) -> Counts:
        """How much there is."""
        return await self._ask(counting.counts)

    async def holdings(self) -> list[Holding]:
        """Which engine has which shards and slots."""
        return await self._ask(holdings)

    async def size(self) -> StoreSize:
        """How big it is; dead letters are counted in an index."""
        return await self._ask(
            lambda wire: StoreSize(
                counting.by_observer(wire), counting.few(wire, "fql_inbox"), used_bytes(wire)
            )
        )
