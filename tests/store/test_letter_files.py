"""Files of dead letters: days, compression, bounds, and what a crash may leave."""

from __future__ import annotations

import gzip
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from fql.errors import SettingsError
from fql.store.copies.files import LetterFile, Removed

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
RETENTION = 7 * 86_400_000


def entry(now: datetime, name: str) -> dict[str, object]:
    return {"written_at": now.isoformat(), "dlq_id": name}


def names(file: LetterFile) -> list[str]:
    return sorted(path.name for path in file.path.parent.iterdir())


def ids(path: Path) -> list[object]:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
        return [orjson.loads(line).get("dlq_id") for line in lines]


def write(file: LetterFile, now: datetime, name: str) -> None:
    file.append([entry(now, name)], now)


def test_a_new_file_at_midnight_utc(tmp_path: Path) -> None:
    """One millisecond before it is the old day; the packed day keeps every line."""
    file = LetterFile(tmp_path / "dead" / "letters.jsonl")
    last = datetime(2026, 3, 2, 23, 59, 59, 999_000, tzinfo=UTC)
    write(file, NOON, "a")
    write(file, last, "b")
    write(file, last + timedelta(milliseconds=1), "c")
    assert names(file) == ["letters-2026-03-02.jsonl.gz", "letters.jsonl"]
    assert ids(tmp_path / "dead" / "letters-2026-03-02.jsonl.gz") == ["a", "b"]
    assert ids(file.path) == ["c"]


def test_time_alone_rotates(tmp_path: Path) -> None:
    file = LetterFile(tmp_path / "letters.jsonl")
    write(file, NOON, "a")
    file.tend(NOON + timedelta(hours=11))
    assert names(file) == ["letters.jsonl"]
    file.tend(NOON + DAY)
    assert names(file) == ["letters-2026-03-02.jsonl.gz"]


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    file = LetterFile(tmp_path / "dead" / "letters.jsonl")
    file.open()
    write(file, NOON, "a")
    write(file, NOON + DAY, "b")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in file.path.parent.iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("rotate", "compress", "found"),
    [
        (True, False, ["letters-2026-03-02.jsonl", "letters.jsonl"]),
        (False, True, ["letters.jsonl"]),
    ],
)
def test_without_compression_or_rotation(
    tmp_path: Path, rotate: bool, compress: bool, found: list[str]
) -> None:
    file = LetterFile(tmp_path / "letters.jsonl", rotate=rotate, compress=compress)
    write(file, NOON, "a")
    write(file, NOON + DAY, "b")
    assert names(file) == found


def test_a_clock_that_went_back_overwrites_no_day(tmp_path: Path) -> None:
    file = LetterFile(tmp_path / "letters.jsonl")
    for name in ("a", "b"):
        write(file, NOON, name)
        write(file, NOON + DAY, "later")
        file.path.unlink()
    packed = [path for path in tmp_path.iterdir() if path.suffix == ".gz"]
    assert sorted(ids(path)[0] for path in packed) == ["a", "b"]  # type: ignore[type-var]


def test_days_past_retention_go_and_are_counted(tmp_path: Path) -> None:
    gone: list[Removed] = []
    file = LetterFile(
        tmp_path / "letters.jsonl", retention=RETENTION, max_size=1_000_000, removed=gone.append
    )
    write(file, NOON, "a")
    write(file, NOON, "b")
    write(file, NOON + 7 * DAY, "c")
    assert gone == []
    file.tend(NOON + 8 * DAY)
    assert [(one.path.name, one.entries) for one in gone] == [("letters-2026-03-02.jsonl.gz", 2)]
    assert names(file) == ["letters-2026-03-09.jsonl.gz"]


def test_past_max_size_the_oldest_days_go_first(tmp_path: Path) -> None:
    gone: list[Removed] = []
    file = LetterFile(
        tmp_path / "letters.jsonl", compress=False, retention=RETENTION, max_size=250,
        removed=gone.append,
    )  # fmt: skip
    for day in range(4):
        write(file, NOON + day * DAY, "x" * 50)
    assert [one.path.name for one in gone] == [
        "letters-2026-03-02.jsonl",
        "letters-2026-03-03.jsonl",
    ]
    assert ids(file.path) == ["x" * 50]


def test_a_torn_line_spoils_no_other(tmp_path: Path) -> None:
    """A crash within a write leaves half a line; the next entry stands on a line of its own."""
    file = LetterFile(tmp_path / "letters.jsonl")
    write(file, NOON, "a")
    with file.path.open("ab") as half:
        half.write(b'{"written_at": "2026-')
    write(file, NOON, "b")
    lines = file.path.read_bytes().splitlines()
    assert [orjson.loads(lines[0])["dlq_id"], orjson.loads(lines[2])["dlq_id"]] == ["a", "b"]


def test_what_a_crash_left_unpacked_is_packed(tmp_path: Path) -> None:
    file = LetterFile(tmp_path / "letters.jsonl")
    write(file, NOON, "a")
    file.path.rename(tmp_path / "letters-2026-03-02.jsonl")
    (tmp_path / "letters-2026-03-02.jsonl.gz.draft").write_bytes(b"half")
    file.open()
    file.tend(NOON + DAY)
    assert names(file) == ["letters-2026-03-02.jsonl.gz", "letters.jsonl"]
    assert ids(tmp_path / "letters-2026-03-02.jsonl.gz") == ["a"]


def test_a_file_moved_away_by_others_is_made_anew(tmp_path: Path) -> None:
    """`logrotate` and people may take it; nothing is kept open."""
    file = LetterFile(tmp_path / "letters.jsonl", rotate=False)
    write(file, NOON, "a")
    file.path.rename(tmp_path / "taken")
    write(file, NOON, "b")
    assert ids(file.path) == ["b"]


def test_a_place_that_cannot_be_written_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be written"):
        LetterFile(tmp_path / "file" / "letters.jsonl").open()
