"""Files and folders stay small enough to be looked over, but for those that are named here, and an
exception that is not needed any more goes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path
    for room in ("compiler", "runtime", "grammar", "tests")
    for path in (ROOT / room).rglob("*.py")
)
LINES = 350
"""So many lines a file may have."""
MODULES = 12
"""So many Python files a folder may have, besides `__init__.py`."""

TABLE = "a table of cases, one below the other"
STORY = "tests of one thing, which share what they set up"
LONG_FILES = {
    "tests/actions/test_webhook.py": STORY,
    "tests/app/life/test_edges.py": STORY,
    "tests/app/test_runtime.py": STORY,
    "tests/bulkheads/test_items.py": STORY,
    "tests/cli_runtime/test_run.py": STORY,
    "tests/cli_runtime/test_store_commands.py": STORY,
    "tests/conformance/cel.py": TABLE,
    "tests/egress/wire/test_parsing.py": TABLE,
    "tests/egress/wire/test_transport.py": STORY,
    "tests/engine/test_core.py": STORY,
    "tests/intake/test_nats.py": STORY,
    "tests/nats/test_connection.py": STORY,
    "tests/observe/test_alerts.py": STORY,
    "tests/observe/test_series.py": STORY,
    "tests/plan/test_hostile.py": TABLE,
    "tests/properties/strategies.py": "strategies that are made of each other",
    "tests/store/test_conformance.py": "every store runs on it as a whole",
}
PAGES = "one test for each kind of page or command, found by its name"
WIDE_FOLDERS = {
    "tests/benchmarks": "one file for each benchmark, found by its name",
    "tests/cli_compiler": PAGES,
    "tests/cli_runtime": PAGES,
    "tests/docs": PAGES,
    "tests/end_to_end": "one file for each story with the installed command",
    "tests/observe": PAGES,
    "tests/outbox": "one file for each module of capture in SQLite and of what both share",
    "tests/servers": "servers, what is put in front of them, and their tests",
    "tests/settings": "tables of keys, which other pages name by their paths",
    "tests/shards": "one file for each thing that engines of one store do together",
    "tests/ui": PAGES,
}


def test_a_file_is_read_in_one_sitting() -> None:
    found = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    long = {path.relative_to(ROOT).as_posix() for path, lines in found.items() if lines > LINES}
    assert long == LONG_FILES.keys(), f"cut these along an idea: at most {LINES} lines"


def test_a_folder_is_seen_at_a_glance() -> None:
    found = Counter(path.parent for path in FILES if path.name != "__init__.py")
    wide = {path.relative_to(ROOT).as_posix() for path, count in found.items() if count > MODULES}
    assert wide == WIDE_FOLDERS.keys(), f"make rooms along ideas: at most {MODULES} files"
