"""The bodies that tests sent, kept in a file beside the source that has the tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from fql.errors import advice_on_file
from fql.exact.reading import read_json
from fql.exact.writing import pretty_json
from fqlc.cli.testing.judge import sent_body
from fqlc.cli.testing.play import Played
from fqlc.project.errors import SurroundingsError

ENDING = ".snapshot.json"

Bodies = Mapping[str, object]
"""The first body of each action that sent one."""


def snapshot_file(source: str) -> Path:
    """`shop_test.fql.snapshot.json` for `shop_test.fql`."""
    return Path(source + ENDING)


def read_snapshots(sources: Iterable[str]) -> dict[tuple[str, str], Bodies]:
    """The kept bodies by source and title of the test. Raises SurroundingsError for a file that
    is not ours."""
    found: dict[tuple[str, str], Bodies] = {}
    for source in sorted(set(sources)):
        file = snapshot_file(source)
        if file.is_file():
            found |= {(source, title): bodies for title, bodies in _read_snapshots(file).items()}
    return found


def _read_snapshots(file: Path) -> dict[str, Bodies]:
    try:
        stored = read_json(file.read_bytes())
    except OSError as error:
        raise SurroundingsError(
            f"{file} cannot be read: {error.strerror}", advice_on_file(error)
        ) from None
    except ValueError as error:
        raise SurroundingsError(f"{file} is not JSON: {error}", "run with --update") from None
    if not isinstance(stored, dict) or not all(isinstance(b, dict) for b in stored.values()):
        raise SurroundingsError(f"{file} is not a snapshot of bodies", "run with --update")
    return stored


def stale(
    kept: Mapping[tuple[str, str], Bodies], titles: Iterable[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Kept bodies, by source and title, of tests that do not exist (any more, or by this name)."""
    return sorted(kept.keys() - set(titles))


def write_snapshots(played: Iterable[Played], *, keep: bool = False) -> list[Path]:
    """Write the bodies of tests, a file for each source; the files that changed. With `keep` the
    bodies of other tests stay as they are."""
    by_source: dict[str, dict[str, Bodies]] = {}
    for one in played:
        bodies = {action: sent_body(one, action) for action in one.sent}
        by_source.setdefault(one.test.block.span.path, {})[one.test.title] = bodies
    files = [_write_snapshots(source, tests, keep=keep) for source, tests in by_source.items()]
    return [file for file in files if file is not None]


def _write_snapshots(source: str, tests: Mapping[str, Bodies], *, keep: bool) -> Path | None:
    file = snapshot_file(source)
    if keep and file.is_file():
        tests = {**_read_snapshots(file), **tests}
    text = pretty_json(tests).decode()
    try:
        if file.is_file() and file.read_text(encoding="utf-8") == text:
            return None
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        advice = advice_on_file(error, written=True)
        raise SurroundingsError(f"{file} cannot be written: {error.strerror}", advice) from None
    return file
