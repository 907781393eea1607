"""Numbers, times and foreign text as the page shows them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from fql.exact.writing import pretty_json
from fql.store.port import MOST_COUNTED
from fql.terminal.harmless import harmless

LONGEST = 64_000
"""Characters of one value; rows and answers may be larger."""
_STEPS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def ago(at: str | None, now: int) -> str:
    """How long something has been, in one unit: `2 min`. `at` is RFC 3339, `now` in ms."""
    if not at:
        return ""
    seconds = max(0, now - instant(at)) // 1_000
    return next((f"{seconds // size} {unit}" for unit, size in _STEPS if seconds >= size), "now")


def instant(at: str) -> int:
    """RFC 3339 as milliseconds since 1970."""
    return int(datetime.fromisoformat(at).timestamp() * 1_000)


def exact(at: str | None) -> str:
    """The same for a `title`: to the millisecond, in UTC."""
    if not at:
        return ""
    told = datetime.fromisoformat(at).astimezone(UTC)
    return told.strftime("%Y-%m-%d %H:%M:%S.") + f"{told.microsecond // 1000:03} UTC"


def duration(ms: int) -> str:
    """How long something took: `850 ms`, `1.2 s`, `30 s`, `4 min`."""
    if ms < 1_000:
        return f"{ms} ms"
    if ms < 10_000:
        return f"{ms / 1_000:.1f} s"
    return f"{ms // 1_000} s" if ms < 120_000 else f"{ms // 60_000} min"


def spoken(ms: int) -> str:
    """How long something has gone on, in its two largest units: `3 d 4 h`."""
    left, parts = ms // 1_000, []
    for unit, size in _STEPS:
        count, left = divmod(left, size)
        parts.append((count, unit))
    first = next((at for at, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count) or "0 s"


def took(ms: int | None) -> str:
    """The time that a share of attempts took at most: a bound, as it is counted in steps."""
    return "-" if ms is None else f"≤ {duration(ms)}"


def number(value: int) -> str:
    """With separators."""
    return f"{value:,}"


def badge(value: int) -> str:
    """The same where there is little room, as far as `Counts` goes: `10,000+`."""
    return number(value) if value <= MOST_COUNTED else f"{number(MOST_COUNTED)}+"


def size(count: int) -> str:
    """Bytes in the unit that fits: `1.2 GB`."""
    value = float(count)
    for unit in ("bytes", "KB", "MB", "GB"):
        if value < 1_000:
            return (
                f"{value:.1f} {unit}" if unit != "bytes" and value < 10 else f"{value:.0f} {unit}"
            )
        value /= 1_000
    return f"{value:.1f} TB"


def seen(value: object) -> str:
    """Foreign text: control characters and those that turn text show as escapes, and what is too
    long is cut and says so."""
    text = harmless(str(value))
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]} ... {number(len(text) - LONGEST)} more characters"


def shown_json(value: object) -> str:
    """A value as indented JSON."""
    return seen(pretty_json(value).decode().rstrip())


def clock(at: int) -> str:
    """When something was, of milliseconds since 1970: `14:03 UTC`."""
    return datetime.fromtimestamp(at / 1_000, UTC).strftime("%H:%M UTC")


def rate(value: float) -> str:
    """How often something happens, with the digits that count: `386`, `4.2`, `0.03`."""
    if value >= 10:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 0.1 or not value else f"{value:.2f}"


def percent(part: float) -> str:
    """A share: `2.9 %`."""
    return f"{100 * part:.1f} %" if part < 0.1 else f"{100 * part:.0f} %"


def later(at: str) -> str:
    """A millisecond after this RFC 3339 time."""
    told = datetime.fromtimestamp((instant(at) + 1) / 1_000, UTC)
    return told.isoformat(timespec="milliseconds").replace("+00:00", "Z")
