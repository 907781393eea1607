"""The body of an answer, as it was before the receiver encoded it: bounded, or not at all."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping

from fql.egress.wire.answer import Answer

CHARSETS = frozenset({"", "identity", "none", "utf-8", "utf8", "8bit", "7bit", "binary"})
"""What some receivers say in `Content-Encoding` of a body that they did not encode."""

NAMED = frozenset({"aes128gcm", "br", "compress", "dcb", "dcz", "exi", "pack200-gzip", "x-compress",
                   "zstd"})  # fmt: skip
"""Codings of the IANA registry that are not undone: no other word of a receiver is repeated."""

MAX_CODINGS = 3
"""Codings around each other: more are not undone."""

_BLANK = b" \t\r\n\0\xef\xbb\xbf\xff\xfe"
"""What may come before JSON: blanks, byte order marks, and the zero bytes of UTF-16 and UTF-32."""


class Unreadable(Exception):
    """What an answer says is not known. The message says why, in words of ours."""


def plain_body(answer: Answer, limit: int) -> tuple[bytes, bool]:
    """The body with its codings undone, and whether it is longer than `limit` bytes: then only
    its start is given. Raises Unreadable."""
    body, cut = answer.body, answer.truncated
    if not body:
        return body, cut
    for undo in reversed(_codings(answer.headers)):
        try:
            body, longer = undo(body, limit)
        except zlib.error:
            raise Unreadable("the answer is not encoded as its header says") from None
        cut = cut or longer
    return body, cut or len(body) > limit


def promises_json(answer: Answer, body: bytes) -> bool:
    """Whether an answer says that it is JSON, or begins like an object or a list of it."""
    if body.lstrip(_BLANK)[:1] in (b"{", b"["):
        return True
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return bool(body.strip(_BLANK)) and (kind == "application/json" or kind.endswith("+json"))


Undo = Callable[[bytes, int], tuple[bytes, bool]]


def _codings(headers: Mapping[str, str]) -> list[Undo]:
    named = [name.strip().lower() for name in headers.get("content-encoding", "").split(",")]
    applied = [name for name in named if name not in CHARSETS]
    if len(applied) > MAX_CODINGS or any(name not in _KNOWN for name in applied):
        told = ", ".join(name if name in NAMED or name in _KNOWN else "unknown" for name in applied)
        raise Unreadable(f"the answer is encoded ({told[:40]})")
    return [_KNOWN[name] for name in applied]


def _gunzip(data: bytes, limit: int) -> tuple[bytes, bool]:
    return _inflated(zlib.decompressobj(wbits=31), data, limit)


def _deflate(data: bytes, limit: int) -> tuple[bytes, bool]:
    """With the header of zlib, as the standard says, or without it, as some send it."""
    try:
        return _inflated(zlib.decompressobj(), data, limit)
    except zlib.error:
        return _inflated(zlib.decompressobj(wbits=-15), data, limit)


def _inflated(inflater: zlib._Decompress, data: bytes, limit: int) -> tuple[bytes, bool]:
    """One byte more than the limit shows that there is more; whatever else there is stays packed.
    Raises zlib.error, also for a stream that is cut short."""
    found = inflater.decompress(data, limit + 1)
    if len(found) > limit:
        return found[:limit], True
    if not inflater.eof or inflater.unused_data:
        raise zlib.error
    return found, False


_KNOWN: Mapping[str, Undo] = {"gzip": _gunzip, "x-gzip": _gunzip, "deflate": _deflate}
