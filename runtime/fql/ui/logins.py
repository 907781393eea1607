"""Links that log in once, the sessions they begin, and how many wrong tries there were."""

from __future__ import annotations

import hmac
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

LINK_SECONDS = 600.0
SESSION_SECONDS = 12 * 3_600.0
MOST_WRONG = 10
"""Wrong codes and tokens a minute; after that nobody can log in until it has passed."""
MOST_SESSIONS = 200


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that came by a link. `form_token` is in each of its forms."""

    form_token: str
    until: float


@dataclass(slots=True)
class Logins:
    """`now` gives seconds that never go back, `secret` a text that cannot be guessed; `tokens` are
    those of programs, any of which will do; `keeper` is what the page's own user has, and good for
    links alone. All is forgotten at a restart."""

    now: Callable[[], float]
    secret: Callable[[], str]
    tokens: tuple[str, ...] = ()
    keeper: str = ""
    _links: dict[str, float] = field(default_factory=dict)
    _sessions: dict[str, Session] = field(default_factory=dict)
    _wrong: deque[float] = field(default_factory=deque)

    def link(self) -> str:
        """A new code, good for ten minutes and for one login."""
        code = self.secret()
        self._links = {one: end for one, end in self._links.items() if end > self.now()}
        self._links[code] = self.now() + LINK_SECONDS
        return code

    def enter(self, code: str) -> str | None:
        """The cookie for a code, which is then used up; None for a wrong one."""
        end = self._links.pop(code, None)
        if end is None or end <= self.now():
            self._wrong.append(self.now())
            return None
        cookie = self.secret()
        self._forget_old()
        self._sessions[cookie] = Session(self.secret(), self.now() + SESSION_SECONDS)
        return cookie

    def session(self, cookie: str | None) -> Session | None:
        """The session of a cookie, while it lasts."""
        found = self._sessions.get(cookie or "")
        return found if found is not None and found.until > self.now() else None

    def is_token(self, given: str | None) -> bool:
        """Whether a program has shown the token; a wrong one is counted."""
        if given is None:
            return False
        right = any(hmac.compare_digest(given.encode(), one.encode()) for one in self.tokens)
        if not right:
            self._wrong.append(self.now())
        return right

    def link_for(self, given: str | None) -> str | None:
        """Another code for whoever has shown what the page's own user has; None for others."""
        if given is None or not self.keeper:
            return None
        if hmac.compare_digest(given.encode(), self.keeper.encode()):
            return self.link()
        self._wrong.append(self.now())
        return None

    def too_many_wrong(self) -> bool:
        """Whether somebody is guessing."""
        while self._wrong and self._wrong[0] <= self.now() - 60:
            self._wrong.popleft()
        return len(self._wrong) >= MOST_WRONG

    def _forget_old(self) -> None:
        live = [(one, it) for one, it in self._sessions.items() if it.until > self.now()]
        self._sessions = dict(live[-MOST_SESSIONS + 1 :])
