"""Where texts lie open: what editors tell, checks in a thread of their own, and what is published.

It acts on what `session` decides. Everything happens in the event loop but for `checks`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from types import MappingProxyType

from lsprotocol.types import PositionEncodingKind, TextDocumentContentChangeEvent

from fqlc.lsp.checks import Asked, Checks, Superseded
from fqlc.lsp.documents import Document, Encoding
from fqlc.lsp.places import Here, View
from fqlc.lsp.projects import Checkup, Place, Project, alone, project_of_place
from fqlc.lsp.session import Agenda, Board, Published
from fqlc.project.files import SETTINGS
from fqlc.services.answers import Finding, Findings
from fqlc.services.basis.trace import go_on
from fqlc.services.findings import findings
from fqlc.services.snapshot import Snapshot
from fqlc.source.files import SUFFIX

Documents = Mapping[str, Document]
"""The open texts by the key of their place."""


class NoSuchText(Exception):
    """A text that the editor asks about is not open."""


@dataclass
class _Standing:
    """What is known of a project. `news` is set and renewed by each check that ends; `snapshot` is
    that of the check, with what was typed since."""

    project: Project
    news: asyncio.Future[None]
    checkup: Checkup | None = None
    snapshot: Snapshot | None = None
    board: Board = field(default_factory=Board)
    failed: Exception | None = None


class Desk:
    """The open texts and their projects. `publish` gets what a check has to tell, `fault` what a
    check raised."""

    def __init__(
        self,
        publish: Callable[[View, tuple[Published, ...]], None],
        fault: Callable[[str, Exception], object],
        wait: Callable[[], None] = go_on,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._publish, self._fault, self._clock = publish, fault, clock
        self._checks = Checks(wait)
        self.encoding: Encoding = PositionEncodingKind.Utf16
        self.documents: Documents = MappingProxyType({})
        self._places: dict[str, Place] = {}
        self._chosen: dict[str, str] = {}
        self._standings: dict[str, _Standing] = {}
        self._agenda = Agenda()
        self._stale = Event()
        self._timer: asyncio.TimerHandle | None = None

    # What the editor tells

    def open(self, uri: str, version: int | None, text: str) -> None:
        """A text was opened, or given again as a whole."""
        self._put(self.place(uri).key, Document(uri, version, text, self.encoding))
        self._enter(self.place(uri))
        self._wanted(self._chosen[self.place(uri).key])

    def change(
        self, uri: str, version: int | None, changes: Iterable[TextDocumentContentChangeEvent]
    ) -> None:
        """An open text has changed."""
        key = self.place(uri).key
        before = self._opened(uri)
        self._put(key, before.changed(version, changes))
        if before.is_large != self.documents[key].is_large:
            self._enter(self.place(uri))
        self._move_on(self._standings[self._chosen[key]])
        self._agenda = self._agenda.typed(self._chosen[key], self._clock())
        self._advance()

    def save(self, uri: str) -> None:
        """A text was saved: its project is checked now, and so are others that may read it."""
        self.seen_on_disk([self.place(uri)])

    def close(self, uri: str) -> None:
        """A text was closed; what counts is its file, if there is one."""
        place = self.place(uri)
        self._opened(uri)
        self.documents = MappingProxyType(
            {k: d for k, d in self.documents.items() if k != place.key}
        )
        key = self._chosen.pop(place.key)
        self._places.pop(uri, None)
        if self._standings[key].project.alone is not None or not self._is_needed(key):
            self._drop(key, {uri})
        else:
            self._wanted(key)

    def seen_on_disk(self, places: Iterable[Place]) -> None:
        """Files were changed, made or removed, or may have been."""
        changed = [place for place in places if place.real is not None]
        if any(Path(place.real or "").name == SETTINGS for place in changed):
            for place in list(self._places.values()):
                self._enter(place)
        for key, standing in list(self._standings.items()):
            if any(_concerns(standing, place.real or "") for place in changed):
                self._wanted(key)
        self._advance()

    # What requests ask

    def place(self, uri: str) -> Place:
        """Where a text is."""
        return self._places.get(uri) or Place.of(uri)

    def projects(self) -> tuple[str, ...]:
        """The keys of the projects that are open."""
        return tuple(self._standings)

    async def here(self, uri: str, documents: Documents, *, current: bool = False) -> Here:
        """A text as it was when `documents` were the open ones, in its project as last checked; or
        as of now, where the answer must be `current`. Raises NoSuchText."""
        key = self.place(uri).key
        while True:
            standing = self._standings.get(self._chosen.get(key, ""))
            if standing is None or key not in self.documents:
                raise NoSuchText(uri)
            checkup = standing.checkup
            if checkup is None and standing.failed is not None:
                raise standing.failed
            if checkup is not None and key in checkup.names:
                if not current:
                    break
                documents = self.documents
                if self._agenda.is_settled(standing.project.key):
                    break
            await asyncio.shield(standing.news)
        document = documents.get(key) or self.documents[key]
        view = self._view(standing, checkup, {**documents, key: document})
        return Here(view, document, checkup.names[key])

    def hurry(self, uri: str) -> None:
        """Somebody waits for the next check of this text."""
        key = self._chosen.get(self.place(uri).key)
        if key is not None and key in self._agenda.waiting:
            self._wanted(key)

    def views(self) -> tuple[View, ...]:
        """All projects that have been checked."""
        return tuple(
            self._view(standing, standing.checkup, self.documents)
            for standing in self._standings.values()
            if standing.checkup is not None
        )

    # Checks

    def _view(self, standing: _Standing, checkup: Checkup, documents: Documents) -> View:
        return View.of(checkup, standing.snapshot or checkup.snapshot, documents, self.encoding)

    def _move_on(self, standing: _Standing) -> None:
        """Let the snapshot of a project know the texts as they are now: each change by itself, so
        that no place is lost which none of them touched."""
        if standing.checkup is not None:
            standing.snapshot = self._view(standing, standing.checkup, self.documents).snapshot

    def _checkup(self, key: str) -> Checkup | None:
        standing = self._standings.get(key)
        return standing.checkup if standing else None

    def _opened(self, uri: str) -> Document:
        document = self.documents.get(self.place(uri).key)
        if document is None:
            raise NoSuchText(uri)
        return document

    def _put(self, key: str, document: Document) -> None:
        self.documents = MappingProxyType({**self.documents, key: document})

    def _enter(self, place: Place) -> None:
        """Put a text into its project, and leave the one that it was in."""
        self._places[place.uri] = place
        project = alone(place) if self.documents[place.key].is_large else project_of_place(place)
        checkup = self._checkup(project.key)
        is_left_out = checkup and place.key in checkup.texts and place.key not in checkup.names
        if project.alone is None and is_left_out:
            project = alone(place, project.settings)
        self._choose(place, project)

    def _choose(self, place: Place, project: Project) -> None:
        before = self._chosen.get(place.key)
        self._chosen[place.key] = project.key
        if project.key not in self._standings:
            self._standings[project.key] = _Standing(project, _future())
            self._agenda = self._agenda.wanted(project.key, self._clock())
        if before is not None and before != project.key and not self._is_needed(before):
            self._drop(before, set())

    def _is_needed(self, key: str) -> bool:
        return key in self._chosen.values()

    def _drop(self, key: str, uris: set[str]) -> None:
        """Forget a project; nothing that was published of it stays."""
        standing = self._standings.pop(key, None)
        if standing is None:
            return
        self._agenda = self._agenda.dropped(key)
        _renew(standing)
        if standing.checkup is not None:
            gone = [*standing.board.shown, *uris]
            versions = {d.uri: d.version for d in self.documents.values()}
            _, news = standing.board.news({}, {}, versions, gone)
            self._publish(self._view(standing, standing.checkup, self.documents), news)
        self._advance()

    def _wanted(self, key: str) -> None:
        self._agenda = self._agenda.wanted(key, self._clock())
        self._advance()

    def _advance(self) -> None:
        """Do what is due, and come back when something may be."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._clock()
        if self._agenda.is_stale(now):
            self._stale.set()
        key = self._agenda.next(now)
        if key is not None:
            self._start_check(key)
        pause = self._agenda.pause(now)
        if pause is not None:
            self._timer = asyncio.get_running_loop().call_later(pause, self._advance)

    def _start_check(self, key: str) -> None:
        self._agenda = self._agenda.started(key)
        standing = self._standings[key]
        project, self._stale = standing.project, Event()
        texts = {k: d for k, d in self.documents.items() if not d.is_large or project.is_of(k)}
        before = standing.checkup.snapshot if standing.checkup else None
        loop = asyncio.get_running_loop()

        def done(found: Checkup | Exception) -> None:
            loop.call_soon_threadsafe(self._ended, standing, found)

        self._checks.put(Asked(project, texts, before, self._stale, done))

    def _ended(self, standing: _Standing, found: Checkup | Exception) -> None:
        self._agenda = self._agenda.ended()
        if self._standings.get(standing.project.key) is standing:
            if isinstance(found, Checkup):
                standing.checkup, standing.snapshot, standing.failed = found, found.snapshot, None
                self._move_on(standing)
                self._told(standing, found)
            elif not isinstance(found, Superseded):
                standing.failed = found
                self._fault("check", found)
            _renew(standing)
        self._advance()

    def _told(self, standing: _Standing, found: Checkup) -> None:
        """Publish what was found, and put the texts elsewhere that are not in the project. A check
        of a text alone moves none: its project, without texts, was forgotten, and would be asked
        again and again."""
        if standing.project.alone is None:
            for place in list(self._places.values()):
                self._enter(place)
        view = self._view(standing, found, self.documents)
        told = {view.uri(name): findings(found.snapshot, name) for name in self._own(found)}
        if found.settings is not None:
            wrong = tuple(Finding(d) for d in found.wrong)
            told[view.uri(found.settings.path)] = Findings(wrong)
        checked = {d.uri: d.version for d in found.texts.values()}
        now = {d.uri: d.version for d in self.documents.values()}
        gone = [uri for uri in standing.board.shown if uri not in told]
        standing.board, news = standing.board.news(told, checked, now, gone)
        self._publish(view, news)

    def _own(self, found: Checkup) -> Iterable[str]:
        """The files whose problems this project tells: not those that are open in another one."""
        key = found.project.key
        return [n for real, n in found.names.items() if self._chosen.get(real, key) == key]


def _concerns(standing: _Standing, real: str) -> bool:
    """True when a file that has changed may change what a check finds."""
    if standing.checkup is None or real in standing.checkup.asked:
        return True
    ours = real.endswith(SUFFIX) or Path(real).name == SETTINGS
    return ours and standing.project.holds(real)


def _future() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


def _renew(standing: _Standing) -> None:
    """Wake all who wait for news of a project."""
    standing.news.set_result(None)
    standing.news = _future()
