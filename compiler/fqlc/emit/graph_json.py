"""A picture as JSON, for programs that do their own drawing."""

from __future__ import annotations

from dataclasses import asdict

from fql.exact.writing import pretty_json
from fqlc.emit.picture import Picture


def graph_json(picture: Picture) -> str:
    """One object: `observers` with `nodes` and `edges` (`source` null is the event)."""
    observers = [asdict(cluster) for cluster in picture.clusters]
    return pretty_json({"observers": observers}).decode()
