"""A store's client with blocking calls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar, Unpack

import fql.client
from fql.engine.process.receipts import Receipt, Taken
from fql.hindsight import EventChoice, RunChoice, UnmatchedChoice
from fql.letters import Bounds, Choice, Foreseen, Replayed, Wanted
from fql.plan.model import Plan
from fql.store.choosing import LetterGroup
from fql.store.port import Counts
from fql.store.sharing.holding import Holding
from fql.store.showing.history import Bulk, EventShown, Minute, Pulse, RowTrace, Unmatched
from fql.store.showing.why import Why
from fql.store.shown import DeadLetter, RunShown, Trace

T = TypeVar("T")


class Do(Protocol):
    """Carries a call out on the runtime's own loop, and waits for it."""

    def __call__(self, work: Coroutine[object, object, T]) -> T: ...


class Client:
    """What `fql.Client` does, for a store that a blocking runtime works on. Made by
    `Runtime.client`."""

    def __init__(self, client: fql.client.Client, do: Do) -> None:
        self._client = client
        self._do = do

    def emit(self, envelope: Mapping[str, object]) -> Receipt:
        """See `fql.Client.emit`."""
        return self._do(self._client.emit(envelope))

    def emit_many(self, envelopes: Iterable[Mapping[str, object]]) -> list[Taken]:
        """See `fql.Client.emit_many`."""
        return self._do(self._client.emit_many(envelopes))

    def emit_all(self, envelopes: Iterable[Mapping[str, object]]) -> list[Receipt]:
        """See `fql.Client.emit_all`."""
        return self._do(self._client.emit_all(envelopes))

    def runs(self, **choice: Unpack[RunChoice]) -> list[RunShown]:
        """See `fql.Client.runs`."""
        return self._do(self._client.runs(**choice))

    def events(self, **choice: Unpack[EventChoice]) -> list[EventShown]:
        """See `fql.Client.events`."""
        return self._do(self._client.events(**choice))

    def unmatched(self, **choice: Unpack[UnmatchedChoice]) -> list[Unmatched]:
        """See `fql.Client.unmatched`."""
        return self._do(self._client.unmatched(**choice))

    def minutes(
        self, since: int, kinds: Sequence[str] = (), names: Sequence[str] = ()
    ) -> list[Minute]:
        """See `fql.Client.minutes`."""
        return self._do(self._client.minutes(since, kinds, names))

    def pulses(self) -> list[Pulse]:
        """See `fql.Client.pulses`."""
        return self._do(self._client.pulses())

    def watch(self) -> bool:
        """See `fql.Client.watch`."""
        return self._do(self._client.watch())

    def bulks(self, ids: Sequence[str] = (), limit: int = 100) -> list[Bulk]:
        """See `fql.Client.bulks`."""
        return self._do(self._client.bulks(ids, limit))

    def dead_letters(
        self, *, ids: Sequence[str] = (), **choice: Unpack[Choice]
    ) -> list[DeadLetter]:
        """See `fql.Client.dead_letters`."""
        return self._do(self._client.dead_letters(ids=ids, **choice))

    def dead_letter_pages(
        self, *, ids: Sequence[str] = (), **choice: Unpack[Choice]
    ) -> Iterator[list[DeadLetter]]:
        """See `fql.Client.dead_letter_pages`."""
        return self._each(self._client.dead_letter_pages(ids=ids, **choice))

    def dead_letters_after(
        self, last: tuple[int, str] | None, size: int, **choice: Unpack[Choice]
    ) -> list[DeadLetter]:
        """See `fql.Client.dead_letters_after`."""
        return self._do(self._client.dead_letters_after(last, size, **choice))

    def dead_letter(self, dlq_id: str) -> DeadLetter | None:
        """See `fql.Client.dead_letter`."""
        return self._do(self._client.dead_letter(dlq_id))

    def dead_letter_number(self, **choice: Unpack[Choice]) -> int:
        """See `fql.Client.dead_letter_number`."""
        return self._do(self._client.dead_letter_number(**choice))

    def dead_letter_groups(self, **choice: Unpack[Choice]) -> list[LetterGroup]:
        """See `fql.Client.dead_letter_groups`."""
        return self._do(self._client.dead_letter_groups(**choice))

    def dead_letter_counts(self) -> dict[str, int]:
        """See `fql.Client.dead_letter_counts`."""
        return self._do(self._client.dead_letter_counts())

    def replay(self, dlq_id: str | None = None, **wanted: Unpack[Wanted]) -> list[Replayed]:
        """See `fql.Client.replay`."""
        return self._do(self._client.replay(dlq_id, **wanted))

    def replay_these(self, ids: Sequence[str], **wanted: Unpack[Wanted]) -> list[Replayed]:
        """See `fql.Client.replay_these`."""
        return self._do(self._client.replay_these(ids, **wanted))

    def foreseen(
        self, ids: Sequence[str] = (), **wanted: Unpack[Wanted]
    ) -> Iterator[list[Replayed]]:
        """See `fql.Client.foreseen`."""
        return self._each(self._client.foreseen(ids, **wanted))

    def foresee(self, **wanted: Unpack[Wanted]) -> Foreseen:
        """See `fql.Client.foresee`."""
        return self._do(self._client.foresee(**wanted))

    def start_bulk(self, bounds: Bounds, *, form: str = "", **wanted: Unpack[Wanted]) -> str:
        """See `fql.Client.start_bulk`."""
        return self._do(self._client.start_bulk(bounds, form=form, **wanted))

    def stop_bulk(self, bulk: str) -> None:
        """See `fql.Client.stop_bulk`."""
        self._do(self._client.stop_bulk(bulk))

    def bulk_ended(self, bulk: str) -> Bulk:
        """See `fql.Client.bulk_ended`."""
        return self._do(self._client.bulk_ended(bulk))

    def discard(self, ids: Sequence[str] = (), **choice: Unpack[Choice]) -> list[DeadLetter]:
        """See `fql.Client.discard`."""
        return self._do(self._client.discard(ids, **choice))

    def cancel(self, *, run: str | None = None, observer: str | None = None) -> list[str]:
        """See `fql.Client.cancel`."""
        return self._do(self._client.cancel(run=run, observer=observer))

    def resend(self, run: str, *, action: str = "", new_key: bool = False) -> None:
        """See `fql.Client.resend`."""
        self._do(self._client.resend(run, action=action, new_key=new_key))

    def pause(self, name: str) -> None:
        """See `fql.Client.pause`."""
        self._do(self._client.pause(name))

    def resume(self, name: str) -> None:
        """See `fql.Client.resume`."""
        self._do(self._client.resume(name))

    def probe(self, name: str) -> None:
        """See `fql.Client.probe`."""
        self._do(self._client.probe(name))

    def seal(self, observer: str, action: str) -> None:
        """See `fql.Client.seal`."""
        self._do(self._client.seal(observer, action))

    def trace(self, name: str) -> Trace:
        """See `fql.Client.trace`."""
        return self._do(self._client.trace(name))

    def trace_row(self, row: str) -> RowTrace:
        """See `fql.Client.trace_row`."""
        return self._do(self._client.trace_row(row))

    def why(self, row: str) -> list[Why]:
        """See `fql.Client.why`."""
        return self._do(self._client.why(row))

    def plan(self) -> Plan | None:
        """See `fql.Client.plan`."""
        return self._do(self._client.plan())

    def holdings(self) -> list[Holding]:
        """See `fql.Client.holdings`."""
        return self._do(self._client.holdings())

    def counts(self) -> Counts:
        """See `fql.Client.counts`."""
        return self._do(self._client.counts())

    def wait_taken(self, timeout: float = 10.0) -> bool:
        """See `fql.Client.wait_taken`."""
        return self._do(self._client.wait_taken(timeout))

    def ended(self, replayed: Sequence[Replayed]) -> list[Replayed]:
        """See `fql.Client.ended`."""
        return self._do(self._client.ended(replayed))

    def _each(self, pages: AsyncIterator[T]) -> Iterator[T]:
        while (page := self._do(_next(pages))) is not None:
            yield page


async def _next(pages: AsyncIterator[T]) -> T | None:
    return await anext(pages, None)
