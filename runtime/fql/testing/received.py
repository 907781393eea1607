"""Requests that came to a mock receiver, and the calls that a test expects."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from fql.exact.reading import NotJson, read_foreign
from fql.plan.web.urls import origin_of, parse_literal_url
from fql.testing.replies import Reply


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request that came. `genuine` is None where no signature was asked for."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float
    genuine: bool | None = None

    @property
    def payload(self) -> object:
        """The body as JSON, or None where it is none."""
        try:
            return read_foreign(self.body, floats=True)
        except NotJson:
            return None

    @property
    def key(self) -> str:
        """The identity of the delivery, the same for each of its attempts."""
        return self.headers.get("webhook-id", "")

    @property
    def attempt(self) -> int:
        """Which try it is, from 1; 0 where the sender does not say."""
        text = self.headers.get("fql-attempt", "")
        return int(text) if text.isdecimal() else 0


@dataclass(slots=True, repr=False)
class Expectation:
    """A call that a test expects, and how often it was made. `replies` are for the next such calls;
    `instead` are requests that fitted no expectation, once somebody asked what is unmet."""

    url: str | None
    method: str | None
    payload: object
    headers: Mapping[str, str]
    times: int | None
    calls: int = 0
    replies: deque[Reply] = field(default_factory=deque)
    instead: tuple[ReceivedRequest, ...] = ()

    def __repr__(self) -> str:
        """What was expected and what came, for the message of a failed assertion."""
        call = " ".join(part for part in (self.method, self.url) if part) or "any call"
        parts = [call, *(f"{name}: {value}" for name, value in self.headers.items())]
        if self.payload is not None:
            parts.append(f"payload {self.payload!r}")
        often = "at least once" if self.times is None else f"{self.times} times"
        came = ", ".join(f"{r.method} {r.path}" for r in self.instead) or "none"
        got = f"expected {often}, came {self.calls} times; other requests: {came}"
        return f"<{', '.join(parts)}: {got}>"

    def fits(self, request: ReceivedRequest) -> bool:
        """True if this is such a call."""
        if self.method is not None and request.method != self.method.upper():
            return False
        if self.url is not None and not _same_url(self.url, request):
            return False
        wanted = {name.lower(): value for name, value in self.headers.items()}
        if any(request.headers.get(name) != value for name, value in wanted.items()):
            return False
        return self.payload is None or _contains(request.payload, self.payload)

    @property
    def met(self) -> bool:
        """True if it came as often as wanted: `times`, or at least once."""
        return self.calls >= 1 if self.times is None else self.calls == self.times


def _same_url(wanted: str, request: ReceivedRequest) -> bool:
    """Compare a path, a path with query, or a whole url."""
    if "://" in wanted:
        url = parse_literal_url(wanted)
        headers = request.headers
        meant = origin_of(headers.get("fql-test-target", ""))
        if url.authority != headers.get("host") and url.origin != meant:
            return False
        wanted = url.target
    path, _, query = request.path.partition("?")
    wanted_path, _, wanted_query = wanted.partition("?")
    return path == (wanted_path or "/") and wanted_query in ("", query)


def _contains(found: object, wanted: object) -> bool:
    """True if objects hold at least the wanted keys; everything else is equal, as JSON sees it:
    true is not 1."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(
            key in found and _contains(found[key], value) for key, value in wanted.items()
        )
    if isinstance(wanted, list | tuple):
        return (
            isinstance(found, list)
            and len(found) == len(wanted)
            and all(_contains(one, other) for one, other in zip(found, wanted, strict=True))
        )
    return isinstance(found, bool) == isinstance(wanted, bool) and found == wanted
