"""`docs/how-to/observe.md` is true: every series is described, and the settings can be read."""

from __future__ import annotations

import re
from pathlib import Path

import orjson

from fql.observe.alerts import ALERTS
from fql.observe.events import AttemptEnded
from fql.observe.logs import fields_of
from fql.observe.series.exposition import Exposition
from fql.observe.series.gauges import Gauges
from fql.observe.series.metrics import Metrics
from fql.settings.reading import read_settings

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "observe.md").read_text("utf-8")


def test_each_series_is_described_and_no_other() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `fql_")]
    described = {name for row in rows for name in re.findall(r"`(fql_\w+)`", row.split("|")[1])}
    families = Exposition(Metrics(), Gauges(), "fql").collect()
    served = {f.name + ("_total" if f.type == "counter" else "") for f in families}
    assert described == served


def test_settings_can_be_read() -> None:
    for block in re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        read_settings(block, "fql.toml")


def test_log_line_has_the_fields_of_a_log_line() -> None:
    (block,) = re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    attempt = AttemptEnded("o", "a", "e", "run_1", 1, 503, None, 1, "scheduled", "evt", trace)
    written = {"time", "level", "logger", "message", "event", *fields_of(attempt, str)}
    assert set(orjson.loads(block)) == written


def test_page_speaks_of_every_alert() -> None:
    words = (
        "failure rate", "dead letters,", "evicted", "due", "circuit", "max_size", "commits",
        "not captured", "with an error", "stored late", "went back",
        "little room", "no engine", "reload that failed", "expires", "backup older",
    )  # fmt: skip
    assert len(words) == len(ALERTS)
    assert all(word in PAGE for word in words)
