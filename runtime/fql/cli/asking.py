"""How a command asks another process of ours on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

PATIENCE = 5.0
"""Seconds that it may take to answer."""


def ask(url: str, bearer: str | None = None) -> httpx.Response | None:
    """What it answers at `url`, or None where nobody does. With a `bearer` token something is
    asked for, by POST. No proxy of the environment comes between."""
    import httpx  # what it takes to import is more than most commands take

    try:
        with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
            if bearer is None:
                return client.get(url)
            return client.post(url, headers={"authorization": f"Bearer {bearer}"})
    except httpx.HTTPError:
        return None
