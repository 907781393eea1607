"""What passes between a client and PostgreSQL, cut into pieces of which each has a meaning."""

from __future__ import annotations

from dataclasses import dataclass, field

_FIRST_VERSION = 0x0003_0000
_ENDS = b"QSXpHdcf"
"""A query, Sync, Terminate, a password, Flush and COPY: what a server acts on."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that go together. `text` is the SQL that they run, empty where they run none."""

    data: bytes
    text: bytes = b""


@dataclass(slots=True)
class Requests:
    """The pieces of a client's stream; prepared statements are known by their names."""

    _rest: bytes = b""
    _begun: bool = False
    _data: bytes = b""
    _texts: list[bytes] = field(default_factory=list)
    _named: dict[bytes, bytes] = field(default_factory=dict)

    def feed(self, data: bytes) -> list[Piece]:
        """The pieces that are whole now."""
        self._rest += data
        found = []
        while message := self._message():
            self._data += message
            if not self._begun:
                self._begun = int.from_bytes(message[4:8], "big") >= _FIRST_VERSION and (
                    int.from_bytes(message[4:8], "big") < 0x0004_0000
                )
            else:
                self._note(message)
                if message[0] not in _ENDS:
                    continue
            found.append(Piece(self._data, b";".join(self._texts)))
            self._data, self._texts = b"", []
        return found

    def _message(self) -> bytes:
        head = 1 if self._begun else 0
        if len(self._rest) < head + 4:
            return b""
        size = head + int.from_bytes(self._rest[head : head + 4], "big")
        if len(self._rest) < size:
            return b""
        message, self._rest = self._rest[:size], self._rest[size:]
        return message

    def _note(self, message: bytes) -> None:
        kind, body = message[:1], message[5:]
        if kind == b"Q":
            self._texts.append(body.rstrip(b"\0"))
        elif kind == b"P":
            name, text, _ = body.split(b"\0", 2)
            self._named[name] = text
        elif kind == b"B":
            _, name, _ = body.split(b"\0", 2)
            self._texts.append(self._named.get(name, b""))


@dataclass(slots=True)
class Answers:
    """Tells in a server's stream when it has answered and waits for more; `was_ready` after the
    first time."""

    was_ready: bool = False
    _rest: bytes = b""
    _begun: bool = False

    def feed(self, data: bytes) -> bool:
        """True when an answer ended in this data."""
        self._rest += data
        if not self._begun and self._rest[:1] in (b"N", b"S") and len(self._rest) == 1:
            self._rest = b""  # no encryption
            return False
        self._begun = True
        ended = False
        while len(self._rest) >= 5:
            size = 1 + int.from_bytes(self._rest[1:5], "big")
            if len(self._rest) < size:
                break
            ended |= self._rest[:1] == b"Z"
            self._rest = self._rest[size:]
        self.was_ready |= ended
        return ended
