"""What was given instead of event envelopes, said in words: other encodings, other envelopes."""

from __future__ import annotations

from collections.abc import Mapping

SHAPE = '{"entity": "Order", "event": "insert", "new": {...}}'

_STARTS = (
    (b"\x1f\x8b", "gzip", "unpack it: `zcat FILE | fqlc run --events -`"),
    (b"\x28\xb5\x2f\xfd", "zstd", "unpack it: `zstdcat FILE | fqlc run --events -`"),
    (b"BZh", "bzip2", "unpack it: `bzcat FILE | fqlc run --events -`"),
    (b"\xfd7zXZ\x00", "xz", "unpack it: `xzcat FILE | fqlc run --events -`"),
    (b"PK\x03\x04", "a zip archive", "unpack it and give the file inside"),
    (b"SQLite format 3\x00", "a SQLite database", 'give it as [sources.NAME] kind = "sqlite"'),
    (b"PAR1", "Parquet", "write its rows as JSON lines"),
    (b"\xff\xfe\x00\x00", "UTF-32", "write it in UTF-8: `iconv -f UTF-32 -t UTF-8`"),
    (b"\x00\x00\xfe\xff", "UTF-32", "write it in UTF-8: `iconv -f UTF-32 -t UTF-8`"),
    (b"\xff\xfe", "UTF-16", "write it in UTF-8: `iconv -f UTF-16 -t UTF-8`"),
    (b"\xfe\xff", "UTF-16", "write it in UTF-8: `iconv -f UTF-16 -t UTF-8`"),
)
"""How files begin that have no lines of JSON; none of them can begin such a file."""

LONGEST_START = max(len(start) for start, _, _ in _STARTS)


def not_lines(start: bytes) -> str:
    """Why a file that begins like this is none of lines, or nothing."""
    for known, name, hint in _STARTS:
        if start.startswith(known):
            return f"this is {name}, not lines of JSON; {hint}"
    pairs = {start[:4:2], start[1:4:2]}
    if len(start) >= 4 and b"\x00\x00" in pairs and start[:4] != bytes(4):
        return "this is UTF-16, not lines of JSON; write it in UTF-8: `iconv -f UTF-16 -t UTF-8`"
    return ""


def not_a_line(line: bytes) -> str:
    """A hint for a line that is not JSON, or not an object."""
    if line.strip()[:1] == b"[":
        return "an array is not read; write each event on a line: `jq -c '.[]' FILE`"
    if line.strip() in (b"{", b"]", b"},", b"}") or line.strip().endswith(b","):
        return "each event is on one line: `jq -c . FILE`, for an array `jq -c '.[]' FILE`"
    return ""


def foreign_form(envelope: Mapping[str, object]) -> str:
    """What an object is that is not our envelope, with the way out; nothing where nobody knows."""
    if isinstance(envelope.get("entity"), str) and isinstance(envelope.get("event"), str):
        return ""
    for name, recognised, hint in _FORMS:
        if recognised(envelope):
            return f"this is {name}, not an event of fql; {hint} as {SHAPE}"
    return ""


def _inside(value: object, *names: str) -> bool:
    return isinstance(value, Mapping) and all(name in value for name in names)


def _debezium(e: Mapping[str, object]) -> bool:
    return any(_inside(part, "op", "source") for part in (e, e.get("payload")))


def _hasura(e: Mapping[str, object]) -> bool:
    return _inside(e, "table", "event") and _inside(e["event"], "op", "data")


_FORMS = (
    ("a CloudEvent", lambda e: _inside(e, "specversion", "type"), "write what is in its `data`"),
    ("a Debezium change", _debezium, "write its `after` as `new` and its `before` as `old`,"),
    ("a Hasura event", _hasura, "write `event.data.new` and `event.data.old`"),
    ("a Supabase webhook", lambda e: _inside(e, "type", "table", "record"),
     "write its `record` as `new` and its `old_record` as `old`,"),
    ("a wal2json change", lambda e: _inside(e, "action", "columns") or _inside(e, "change"),
     "write its columns"),
    ("a Maxwell change", lambda e: _inside(e, "database", "table", "type", "data"),
     "write its `data`"),
    ("a Stripe event", lambda e: e.get("object") == "event" and "type" in e,
     "write what is in `data.object`"),
)  # fmt: skip
