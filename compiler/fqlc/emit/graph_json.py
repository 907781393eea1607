"""A picture as JSON, for programs that draw by themselves."""

from __future__ import annotations

import json
from dataclasses import asdict

from fqlc.emit.picture import Picture


def graph_json(picture: Picture) -> str:
    """One object: `observers` with `nodes` and `edges` (`source` null is the event)."""
    observers = [asdict(cluster) for cluster in picture.clusters]
    return json.dumps({"observers": observers}, indent=2, ensure_ascii=False) + "\n"
