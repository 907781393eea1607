"""That a contract is meant to judge a webhook, and cannot: a module that imports nothing else."""

from __future__ import annotations

from enum import Enum


class Unusable(Enum):
    """Why there is no operation was reported, so what is answered is not known."""

    REPORTED = "reported"
