"""What Spectral and openapi-typescript said of what is exported now: see `tests/oracles`."""

from __future__ import annotations

import json

from tests.oracles.exported.__main__ import is_wrong
from tests.oracles.exported.documents import VERDICTS, digest, documents

KEPT = json.loads(VERDICTS.read_text(encoding="utf-8"))


def test_they_have_seen_what_is_exported_now() -> None:
    now = {name: digest(text) for name, text in documents().items()}
    assert {name: v["sha256"] for name, v in KEPT.items()} == now, "run: make oracles"


def test_they_find_nothing_but_what_is_broken() -> None:
    assert [name for name, verdict in KEPT.items() if is_wrong(name, verdict)] == []
